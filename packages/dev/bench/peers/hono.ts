// An empty Hono app on node-server.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono().get('/health/ready', (c) => c.text('here'))
serve({ fetch: app.fetch, port: Number(process.env['PORT']), hostname: '127.0.0.1' })
