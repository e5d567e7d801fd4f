export { listAgents } from './list.ts';
export { resumeAgent, type SuspendFlags, suspendAgent } from './suspend.ts';
