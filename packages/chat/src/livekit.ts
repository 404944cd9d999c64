import { unauthorized, unavailable } from '@wealist/kit/errors'
import { AccessToken, RoomServiceClient, WebhookReceiver } from 'livekit-server-sdk'

export interface LiveKitOptions {
  url: string | undefined
  apiUrl: string | undefined
  key: string | undefined
  secret: string | undefined
}

const callTimeout = 5

/** What LiveKit says happened, as far as it matters here. */
export interface LiveKitEvent {
  id: string
  type: string
  room: string
  /** The device and whose it is, for what is about one. */
  device: { sid: string; userId: string } | undefined
  at: Date
}

export type LiveKit = NonNullable<ReturnType<typeof openLiveKit>>

/** LiveKit, or undefined where none is configured. */
export const openLiveKit = ({ url, apiUrl, key, secret }: LiveKitOptions) => {
  if (!url || !key || !secret) return undefined
  const rooms = new RoomServiceClient((apiUrl ?? url).replace(/^ws/, 'http'), key, secret, {
    requestTimeout: callTimeout,
  })
  const receiver = new WebhookReceiver(key, secret)
  return {
    url,

    /** Lets one person into one room within so many seconds, to hear and be heard; nothing else. LiveKit renews it for who is in. */
    token: ({ room, userId, name, seconds }: { room: string; userId: string; name: string; seconds: number }) => {
      const token = new AccessToken(key, secret, { identity: userId, name, ttl: seconds })
      token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canPublishData: true })
      return token.toJwt()
    },

    /** The event of a webhook, 401 where its signature is not over this very body. */
    event: async (body: string, authorization: string | undefined): Promise<LiveKitEvent> => {
      const event = await receiver.receive(body, authorization).catch(() => {
        throw unauthorized('This is not signed by LiveKit.')
      })
      const { participant } = event
      return {
        id: event.id,
        type: event.event,
        room: event.room?.name ?? '',
        device: participant && { sid: participant.sid, userId: participant.identity },
        at: new Date(Number(event.createdAt) * 1000),
      }
    },

    /** Those of these rooms that LiveKit has. */
    existing: async (names: string[]) => (await rooms.listRooms(names)).map((room) => room.name),
    close: (room: string) => gone(rooms.deleteRoom(room)),
    disconnect: (room: string, userId: string) => gone(rooms.removeParticipant(room, userId)),
  }
}

// What is not there any more need not be ended.
const gone = (work: Promise<void>) =>
  work.catch((error: unknown) => {
    const { status, code } = error as { status?: number; code?: string }
    if (status !== 404 && code !== 'not_found')
      throw Object.assign(unavailable('LiveKit did not answer.'), { cause: error })
  })
