/** Parses the JSON response of `sender`. Throws an Error with the sender and the beginning of the text if it is not JSON. */
export function readJson(text: string, sender: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${sender} answered with something that is not JSON: ${JSON.stringify(text.slice(0, 200))}`);
  }
}
