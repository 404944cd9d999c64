import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** Previews that are deployed: each has a secret `wealist/pr-<number>/auth`. */
const deployed = async () => {
  const client = new SecretsManagerClient({})
  const stages: string[] = []
  let NextToken: string | undefined
  do {
    const Filters = [{ Key: 'name' as const, Values: ['wealist/pr-'] }]
    const page = await client.send(new ListSecretsCommand({ Filters, NextToken, MaxResults: 100 }))
    for (const { Name = '' } of page.SecretList ?? []) {
      const [, stage] = /^wealist\/(pr-[1-9]\d*)\/auth$/.exec(Name) ?? []
      if (stage) stages.push(stage)
    }
    NextToken = page.NextToken
  } while (NextToken)
  return stages
}

// Whatever GitHub does not clearly call closed stays: a preview too many is cheaper than one too few.
const isClosed = async (stage: string) => {
  const { GITHUB_API_URL = 'https://api.github.com', GITHUB_REPOSITORY, GITHUB_TOKEN } = process.env
  const url = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/pulls/${stage.slice('pr-'.length)}`
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${GITHUB_TOKEN}`, accept: 'application/vnd.github+json' },
    signal: AbortSignal.timeout(30_000),
  })
  if (!answer.ok) throw new Error(`GitHub answered ${answer.status} for ${stage}`)
  return ((await answer.json()) as { state: string }).state === 'closed'
}

for (const stage of await deployed()) if (await isClosed(stage)) console.log(stage)
