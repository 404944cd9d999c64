import { people, seed } from './seed.ts'

// Alice, Bob and their workspace in a weAlist that was just deployed; waits until it answers, five minutes at most.
const [, , origin] = process.argv
if (!origin) throw new Error('Say where: npm run seed -- https://pr-7.example.com')
const end = Date.now() + 300_000
for (;;) {
  const answer = await fetch(`${origin}/.well-known/jwks.json`).catch(() => undefined)
  if (answer?.ok) break
  if (Date.now() > end) throw new Error(`${origin} does not answer (${answer?.status ?? 'no connection'}).`)
  await new Promise((resolve) => setTimeout(resolve, 3000))
}
await seed(origin)
for (const { email, password } of Object.values(people)) console.log(`${email}  ${password}`)
