/**
 * The topology of weAlist, written once. The dev runner, the gateway, the stacks, the mesh's routes and policies and the
 * README's tables are derived from it or tested against it. An edge that is not listed does not exist.
 */
export const topology = {
  auth: {
    port: 8080,
    database: null,
    owns: 'sessions, tokens, keys, Google OAuth',
    calls: ['user'],
    uses: ['redis', 'google', 'secrets'],
    public: ['/api/auth/*', '/api/oauth2/*', '/oauth2/*', '/.well-known/*'],
  },
  user: {
    port: 8081,
    database: 'user_db',
    owns: 'people, profiles, workspaces, members',
    calls: ['auth', 'noti'],
    uses: ['postgres', 'redis', 's3'],
    public: ['/api/users/*', '/api/profiles/*', '/api/workspaces/*', '/api/invitations/*'],
  },
  board: {
    port: 8000,
    database: 'board_db',
    owns: 'projects, boards (columns), tasks, comments',
    calls: ['auth', 'user', 'noti'],
    uses: ['postgres', 'redis', 's3'],
    public: ['/api/projects/*', '/api/boards/*', '/api/tasks/*', '/api/comments/*', '/ws/project/*'],
  },
  chat: {
    port: 8001,
    database: 'chat_db',
    owns: 'rooms, messages, read state, calls',
    calls: ['auth', 'user', 'noti'],
    uses: ['postgres', 'redis', 's3', 'livekit'],
    public: ['/api/chats/*', '/api/messages/*'],
  },
  noti: {
    port: 8002,
    database: 'noti_db',
    owns: 'notifications, preferences, SSE',
    calls: ['auth'],
    uses: ['postgres', 'redis'],
    public: ['/api/notifications/*'],
  },
  storage: {
    port: 8003,
    database: 'storage_db',
    owns: 'files, folders, shares',
    calls: ['auth', 'user'],
    uses: ['postgres', 'redis', 's3'],
    public: ['/api/storage/*'],
  },
  ops: {
    port: 8005,
    database: 'user_db',
    owns: 'audit log and settings (schema ops inside user_db)',
    calls: ['auth'],
    uses: ['postgres', 'redis', 's3', 'metrics'],
    public: [
      '/api/status/*',
      '/api/services/*',
      '/api/metrics/*',
      '/api/slo/*',
      '/api/logs/*',
      '/api/deployments/*',
      '/api/admin/*',
    ],
  },
} as const satisfies Record<string, Node>

/** What the topology says of one service. `public` are path patterns as the service sees them; `/*` also matches the bare prefix. */
export interface Node {
  port: number
  /** Its database in the one PostgreSQL instance; services with the same name share it with a role each. */
  database: string | null
  owns: string
  /** Services it may call; `auth` stands for reading the JWKS, which only happens where no gateway validates tokens. */
  calls: readonly ServiceName[]
  uses: readonly Piece[]
  public: readonly string[]
}

export type ServiceName = 'auth' | 'user' | 'board' | 'chat' | 'noti' | 'storage' | 'ops'
/** A piece of infrastructure. `metrics` is every service's metrics port, which only ops and Prometheus read. */
export type Piece = 'postgres' | 'redis' | 's3' | 'google' | 'secrets' | 'livekit' | 'metrics'

/** `owns` for who reads Korean. */
export const ownsInKorean: Record<ServiceName, string> = {
  auth: '세션, 토큰, 서명 키, Google 로그인',
  user: '사용자, 프로필, 워크스페이스, 멤버',
  board: '프로젝트, 보드(열), 작업, 댓글',
  chat: '채팅방, 메시지, 읽음 상태, 통화',
  noti: '알림, 알림 설정, 실시간 스트림',
  storage: '파일, 폴더, 공유',
  ops: '감사 로그와 설정 (user_db 안의 ops 스키마)',
}

export const serviceNames = Object.keys(topology) as ServiceName[]

/** Services that sign in to PostgreSQL; ops, which shares user's database, has a role there and no tables to migrate. */
export const withDatabase = serviceNames.filter((name) => topology[name].database !== null)

/** Whom a service asks where a gateway checks tokens: `auth` among its calls stands for the published keys alone. */
export const peersOf = (service: ServiceName): ServiceName[] =>
  (topology[service].calls as readonly ServiceName[]).filter((peer) => peer !== 'auth')

/** Every image that is built: a service each, storage's jobs that need sharp, and the operators' portal. */
export const images = [...serviceNames, 'storage-thumbnails', 'ops-portal'] as const
export type Image = (typeof images)[number]

/** Where a service tells its metrics, its health and its last lines, to ops and Prometheus alone. */
export const metricsPort = (service: ServiceName) => topology[service].port + 1700

/** Port of the React portal, and of the local gateway that stands where Istio or API Gateway stand elsewhere. */
export const portalPort = 3001
export const gatewayPort = 8088

/** Paths that reach auth as they are, without `/api/svc/auth` before them (browsers and identity providers know them). */
export const barePaths = ['/oauth2/*', '/api/oauth2/*', '/.well-known/*'] as const

/** True where `path` lies under a pattern of the topology: `/api/tasks/*` matches `/api/tasks` and all below it. */
export const under = (pattern: string, path: string) => {
  const prefix = pattern.slice(0, -2)
  return path === prefix || path.startsWith(`${prefix}/`)
}
