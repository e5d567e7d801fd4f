/** Additional exports for tests. Not imported by any program. */
export { poisons } from './poison.fixture.ts';
