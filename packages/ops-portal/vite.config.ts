import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** For who works on the portal: `npx vite packages/ops-portal`, beside `npm start`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [
    react(),
    {
      name: 'config of the local gateway',
      configureServer: ({ middlewares }) =>
        void middlewares.use('/config.json', (_, response) => response.end('{"apiUrl":"http://localhost:8088"}')),
    },
  ],
  build: { target: 'es2023', sourcemap: true, assetsInlineLimit: 0 },
  server: { port: 5173, strictPort: true },
})
