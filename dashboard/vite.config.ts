import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** The API that `npm run dev` asks; a build asks the origin it came from. */
const api = 'http://127.0.0.1:8000';

const shared = /src\/lib\/(api|events|live|paths|session|texts|ui|shell\/(?!Palette|commands))/;

export default defineConfig({
  plugins: [sveltekit()],
  build: {
    chunkSizeWarningLimit: 5_000,
    // What every page needs comes as one file instead of thirty: a browser asks for six at a time.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', test: shared }] } } },
  },
  server: { proxy: { '/graphql': { target: api, ws: true }, '/auth': api } },
});
