import adapter from '@sveltejs/adapter-static';

/** @type {import('@sveltejs/kit').Config} */
export default {
  compilerOptions: { runes: true },
  kit: {
    // One page for all addresses: the server has no part in what is drawn.
    adapter: adapter({ fallback: 'index.html' }),
    paths: { relative: false },
    // Named after what is in it, so that the same sources make the same build.
    version: { name: process.env.WHARF_DASHBOARD_VERSION ?? 'dev' },
    output: { preloadStrategy: 'modulepreload' },
  },
};
