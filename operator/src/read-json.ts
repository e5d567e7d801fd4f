/** The value of a JSON text that `sender` answered with. Throws an Error that says who answered with something else, and how it begins. */
export function readJson(text: string, sender: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${sender} answered with something that is not JSON: ${JSON.stringify(text.slice(0, 200))}`);
  }
}
