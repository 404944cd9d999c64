type Texts = $util.Input<string>[]
type Condition = Record<string, Record<string, $util.Input<string> | Texts>>

const statement =
  (Effect: 'Allow' | 'Deny') =>
  (Action: string[], Resource: Texts = ['*'], Condition?: Condition) => ({
    ...{ Effect, Action, Resource },
    ...(Condition && { Condition }),
  })
export const allow = statement('Allow')
export const deny = statement('Deny')

export const policy = (Statement: ReturnType<typeof allow>[]) => $jsonStringify({ Version: '2012-10-17', Statement })
