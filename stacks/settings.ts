import type { Stage } from './stage.ts'

/** What people set, once, with `sst secret set`. In previews each has a fallback, and what needs it is switched off. */
const settings = {
  GoogleClientId: 'OAuth client of Google',
  GoogleClientSecret: 'its secret',
  LiveKitUrl: 'where devices reach LiveKit, wss://',
  LiveKitApiKey: 'key that LiveKit knows',
  LiveKitApiSecret: 'its secret',
  AdminEmails: 'addresses of the first platform admins',
} as const
export type Settings = Record<keyof typeof settings, $util.Output<string>>

/** Stops with one sentence that names all that is missing, before anything is made. */
export const settingsOf = ({ name, kind }: Stage): Settings => {
  const all = Object.entries(settings)
  // This is where SST itself puts what was set; its own error comes late and names one.
  const missing = all.filter(([key]) => kind === 'shared' && process.env[`SST_SECRET_${key}`] === undefined)
  if (missing.length > 0) {
    const what = missing.map(([key, meaning]) => `${key} (${meaning})`).join(', ')
    const commands = missing.map(([key]) => `npx sst secret set ${key} --stage ${name}`).join('\n  ')
    throw new Error(`The stage ${name} lacks ${what}. Set what is missing, then deploy again:\n  ${commands}`)
  }
  return Object.fromEntries(
    all.map(([key]) => [key, (kind === 'shared' ? new sst.Secret(key) : new sst.Secret(key, '')).value]),
  ) as Settings
}
