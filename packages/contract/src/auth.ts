export * as sessions from './auth/sessions.ts'
export * as google from './auth/google.ts'
export * as keys from './auth/keys.ts'
