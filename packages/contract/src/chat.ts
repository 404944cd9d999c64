export * as rooms from './chat/rooms.ts'
export * as participants from './chat/participants.ts'
export * as messages from './chat/messages.ts'
export * as calls from './chat/calls.ts'
