export * as notifications from './noti/notifications.ts'
export * as preferences from './noti/preferences.ts'
export * as stream from './noti/stream.ts'
export * as internal from './noti/internal.ts'
