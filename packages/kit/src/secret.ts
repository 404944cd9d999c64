/** A secret of Secrets Manager by its name or ARN. */
export interface Secret {
  /** Undefined for one that does not exist or was never given a value. */
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

// Loaded only where a secret is used: the SDK is large, and local processes have none.
const openManager = async () => {
  const sdk = await import('@aws-sdk/client-secrets-manager')
  return { sdk, client: new sdk.SecretsManagerClient({}) }
}

/**
 * Reading waits `patience` milliseconds at most. Region, credentials and `AWS_ENDPOINT_URL_SECRETS_MANAGER` are the SDK's
 * own variables.
 */
export const openSecret = (id: string, patience = 2000): Secret => {
  let opened: ReturnType<typeof openManager> | undefined
  const manager = () => (opened ??= openManager())
  return {
    read: async () => {
      const { sdk, client } = await manager()
      const answer = await client
        .send(new sdk.GetSecretValueCommand({ SecretId: id }), { abortSignal: AbortSignal.timeout(patience) })
        .catch((error: unknown) => {
          if (error instanceof sdk.ResourceNotFoundException) return undefined
          throw error
        })
      return answer?.SecretString
    },
    write: async (text) => {
      const { sdk, client } = await manager()
      await client.send(new sdk.PutSecretValueCommand({ SecretId: id, SecretString: text }))
    },
  }
}
