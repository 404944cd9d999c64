/**
 * An answer that PostgreSQL already wrote as JSON text; it passes to the wire untouched. `T` is what the text holds,
 * which tests check against the contract.
 */
export class Json<out T> {
  declare readonly type: T
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  /** The value, for a rule that has to look inside. */
  parse(): T {
    return JSON.parse(this.text) as T
  }
}

/** The text of an answer, whoever wrote it. */
export const textOf = (value: unknown) => (value instanceof Json ? value.text : JSON.stringify(value))

/** An answer that is not a body: a place to go (302), or headers to go with one. */
export class Reply<out T> {
  readonly body: T
  readonly headers: Record<string, string>
  constructor(body: T, headers: Record<string, string>) {
    this.body = body
    this.headers = headers
  }
}

/** A 302 to `location`. */
export const redirect = (location: string) => new Reply(undefined, { location })
