import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** The API that `npm run dev` asks; a build asks the origin it came from. */
const api = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [sveltekit()],
  build: { chunkSizeWarningLimit: 5_000 },
  server: { proxy: { '/graphql': { target: api, ws: true }, '/auth': api } },
});
