import pg from 'pg'

export interface Statement {
  text: string
  values: unknown[]
  /** Prepared once a connection under this name. */
  name?: string | undefined
  /** Rows come as the texts of their columns, in their order, instead of as objects. */
  asText?: boolean
  /** May take long: nobody else's statement waits behind it on its connection. */
  alone?: boolean | undefined
}

type Done = (error: Error | null, result: pg.QueryResult) => void

// Counts, sequences and versions fit a JS number; times in rows that rules look at are Dates.
const types = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

// What a client calls on its queries, which pg-cursor and pg-query-stream are, too, and the types leave out.
const Query = pg.Query as unknown as new (text: string, values: unknown[]) => pg.Submittable & { callback: Done }

// What pg's own queries do to read one row of text, a parser for each column and a copy of the question by its property
// descriptors, costs a fifteenth of what a page costs.
class TextQuery extends Query {
  readonly name: string | undefined
  private readonly lines: (string | null)[][] = []

  constructor({ text, values, name }: Statement) {
    super(text, values)
    this.name = name
  }
  handleRowDescription() {}
  handleDataRow({ fields }: { fields: (string | null)[] }) {
    this.lines.push(fields)
  }
  handleCommandComplete() {}
  handleReadyForQuery() {
    this.callback(null, { rows: this.lines } as unknown as pg.QueryResult)
  }
}

/** Sends a statement on a connection, behind those it was sent before. */
export const ask = (client: pg.PoolClient, statement: Statement, done: Done) => {
  if (!statement.asText) return void client.query({ ...statement, types } as pg.QueryConfig, done)
  const query = new TextQuery(statement)
  query.callback = done
  client.query(query)
}
