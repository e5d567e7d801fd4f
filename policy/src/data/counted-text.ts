/** A text costs more to search than its budget has. */
export class TooManySteps extends Error {}

/** How many steps searches may still take: a step is one instruction of an expression, asked about one character. */
export class StepBudget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** How many steps are left. */
  get left(): number {
    return this.#left;
  }

  /** Uses up some of the steps; throws TooManySteps when there are none left. */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps('searching this text takes too many steps');
  }
}

/**
 * A text that counts what searching it costs: each time that re2js reads a character of it, every instruction of the expression may be
 * asked about it. Which characters are read depends on nothing but the expression and the text (a search that asks where its
 * match stands uses no state that is kept), so the count is the same on every machine at any time. A time limit would not be: what a busy
 * machine masks, an idle one shows. re2js takes objects of String like strings, and reads them by `charCodeAt` alone.
 */
export class CountedText extends String {
  readonly #instructions: number;
  readonly #budget: StepBudget;

  constructor(text: string, instructions: number, budget: StepBudget) {
    super(text);
    this.#instructions = instructions;
    this.#budget = budget;
  }

  override charCodeAt(index: number): number {
    this.#budget.take(this.#instructions);
    return super.charCodeAt(index);
  }
}
