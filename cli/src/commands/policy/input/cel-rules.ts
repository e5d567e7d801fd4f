type Self = Readonly<Record<string, unknown>>;

const has = (self: Self, field: string): boolean => self[field] !== undefined && self[field] !== null;
const inside = (self: Self, field: string): Self => (self[field] ?? {}) as Self;

/**
 * The CEL rules of the kinds in files, which the API server evaluates after its defaults. There is no CEL evaluator here, so each rule is
 * repeated in TypeScript, and a test checks that no rule is missing.
 */
export const celRules: Readonly<Record<string, (self: Self) => boolean>> = {
  // Rules of policies. Faults of subjects and trusted digests that `policyFaults` reports are not reported twice.
  "!has(self.namespace) || self.kind == 'ServiceAccount'": () => true,
  "self.kind != 'ServiceAccount' || has(self.namespace)": () => true,
  '!has(self.trustedDigests)': () => true,
  '!has(self.subjects) || !has(self.playbooks) || !has(self.playbooks.trustedDigests)': () => true,
  'has(self.raiseTo) || (has(self.refuse) && self.refuse)': (self) => has(self, 'raiseTo') || self.refuse === true,
  // Rules of Playbooks.
  '!(self.required && has(self.default))': (self) => !(self.required === true && has(self, 'default')),
  "self.type == 'Integer' || !(has(self.min) || has(self.max))": (self) =>
    self.type === 'Integer' || !(has(self, 'min') || has(self, 'max')),
  '!has(self.min) || !has(self.max) || self.min <= self.max': (self) =>
    !has(self, 'min') || !has(self, 'max') || Number(self.min) <= Number(self.max),
  "self.profile != 'Workspace'": (self) => self.profile !== 'Workspace',
  "self.from != 'None' || has(self.reason)": (self) => self.from !== 'None' || has(self, 'reason'),
  "self.from != 'Steps'": (self) => self.from !== 'Steps',
  "self.sandbox.profile != 'Change' || has(self.rollback)": (self) =>
    inside(self, 'sandbox').profile !== 'Change' || has(self, 'rollback'),
  "self.sandbox.profile == 'Change' || !has(self.verify)": (self) =>
    inside(self, 'sandbox').profile === 'Change' || !has(self, 'verify'),
  // Rules of actions.
  '[has(self.playbookRef), has(self.steps), has(self.rollbackOf)].exists_one(given, given)': (self) =>
    ['playbookRef', 'steps', 'rollbackOf'].filter((field) => has(self, field)).length === 1,
  '!has(self.steps) || (has(self.account) && has(self.image))': (self) =>
    !has(self, 'steps') || (has(self, 'account') && has(self, 'image')),
  '!has(self.rollbackOf) || has(self.account)': (self) => !has(self, 'rollbackOf') || has(self, 'account'),
  'has(self.steps) || !(has(self.verify) || has(self.image))': (self) =>
    has(self, 'steps') || !['verify', 'image'].some((field) => has(self, field)),
  '!has(self.playbookRef) || !has(self.account)': (self) => !has(self, 'playbookRef') || !has(self, 'account'),
  'has(self.playbookRef) || !has(self.parameters)': (self) => has(self, 'playbookRef') || !has(self, 'parameters'),
  "!has(self.amends) || self.mode == 'Apply'": (self) => !has(self, 'amends') || self.mode === 'Apply',
  '!has(self.cancelComment) || self.cancelled': (self) => !has(self, 'cancelComment') || self.cancelled === true,
  // A file has no earlier version to compare with.
  '!oldSelf.cancelled || self.cancelled': () => true,
  '!oldSelf.cancelled || (has(self.cancelComment) == has(oldSelf.cancelComment) && (!has(self.cancelComment) || self.cancelComment == oldSelf.cancelComment))':
    () => true,
};
