interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: string[]
  Resource: string[]
  Condition?: Record<string, Record<string, string | string[]>>
}
/** An action on one thing, with what AWS knows of the request. */
export interface Asked {
  action: string
  on: string
  knowing?: Record<string, string | string[]>
}

/** What policies let somebody do, as IAM works it out: a refusal before all, and nothing that is not allowed. */
export const decider = (policies: string[]) => {
  const all = policies.flatMap((policy) => (JSON.parse(policy) as { Statement: Statement[] }).Statement)
  return (asked: Asked) => {
    const said = all.filter((statement) => applies(statement, asked)).map(({ Effect }) => Effect)
    return said.includes('Allow') && !said.includes('Deny')
  }
}

const applies = ({ Action, Resource, Condition = {} }: Statement, { action, on, knowing = {} }: Asked) =>
  Action.some((pattern) => like(pattern, action)) &&
  Resource.some((pattern) => like(pattern, on)) &&
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => operators[operator]!([knowing[key] ?? []].flat(), [wanted].flat())),
  )

const operators: Record<string, (has: string[], wanted: string[]) => boolean> = {
  StringEquals: (has, wanted) => has.some((value) => wanted.includes(value)),
  'ForAllValues:StringLike': (has, wanted) => has.every((value) => wanted.some((pattern) => like(pattern, value))),
  ArnNotEquals: (has, wanted) => !has.some((value) => wanted.includes(value)),
  Null: (has, [wanted]) => (has.length === 0) === (wanted === 'true'),
}

const like = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text)
