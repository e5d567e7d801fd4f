/** Header names to values; an array is sent as several lines. */
export type Headers = Record<string, string | string[]>;
