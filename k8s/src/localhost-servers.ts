import type { IContainer } from 'kubernetes-models/v1/Container'

export interface Server {
  name: 'postgres' | 'redis' | 's3' | 'livekit'
  image: string
  port: number
  /** Under which port pods and the gateway ask, where that is another. */
  servicePort?: number
  container: Partial<IContainer>
  data?: string
  /** Browsers reach it too, through the gateway, under its name before the domain. */
  outside: boolean
}
/** A value of the Secret `servers`, which localhost-secrets.ts makes. */
export const secret = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'servers', key } } })

export const servers: Server[] = [
  {
    name: 'postgres',
    image: 'postgres:17.6-bookworm',
    port: 5432,
    outside: false,
    data: '/var/lib/postgresql/data',
    container: {
      args: ['-c', 'max_connections=300'],
      env: [secret('POSTGRES_PASSWORD', 'postgres'), { name: 'PGDATA', value: '/var/lib/postgresql/data/pg' }],
      volumeMounts: [{ name: 'run', mountPath: '/var/run/postgresql' }],
    },
  },
  {
    name: 'redis',
    image: 'redis:8.2-bookworm',
    port: 6379,
    outside: false,
    data: '/data',
    // Sessions and revocations live here alone.
    container: {
      args: ['sh', '-c', 'exec redis-server --appendonly yes --maxmemory-policy noeviction --requirepass "$PASSWORD"'],
      env: [secret('PASSWORD', 'redis')],
    },
  },
  {
    name: 's3',
    image: 'quay.io/minio/minio:RELEASE.2025-07-23T15-54-02Z',
    port: 9000,
    servicePort: 80,
    outside: true,
    data: '/data',
    container: {
      args: ['server', '/data'],
      env: [secret('MINIO_ROOT_USER', 's3-user'), secret('MINIO_ROOT_PASSWORD', 's3-password')],
    },
  },
  {
    name: 'livekit',
    image: 'livekit/livekit-server:v1.9.1',
    port: 7880,
    outside: true,
    container: { args: ['--dev', '--bind', '0.0.0.0', '--keys', '$(KEYS)'], env: [secret('KEYS', 'livekit')] },
  },
]
