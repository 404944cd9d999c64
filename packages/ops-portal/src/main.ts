import * as z from 'zod'

// The page's policy allows no code made from text, which zod would try with the first schema: before any of ours is read.
z.config({ jitless: true })
await import('./app.tsx')
