// What decides beside the score whether a person is needed.
export { partsOfExposure } from './exposure.ts';
export { partsOfImages } from './images.ts';
export { partsOfPrograms } from './programs.ts';
export { partsOfSecurity } from './security.ts';
export { mayDelete } from './writes.ts';
