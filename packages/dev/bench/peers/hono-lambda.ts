// An empty Hono app as a function.
import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'

export const handler = handle(new Hono().get('/', (c) => c.text('here')))
