import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import config from './svelte.config.js';

export default ts.config(
  { ignores: ['.svelte-kit/', 'build/', 'src/lib/api/introspection.d.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig: config, extraFileExtensions: ['.svelte'] } },
  },
  {
    rules: {
      'no-undef': 'off', // TypeScript knows
      eqeqeq: 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // `params` of a route are there
      'svelte/no-unused-svelte-ignore': 'off', // the compiler warns of more than this knows
      // What a person wrote is text. There is no exception.
      'svelte/no-at-html-tags': 'error',
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({
          property,
          message: 'Text is text.',
        })),
      ],
      'svelte/no-navigation-without-resolve': 'off', // the dashboard is always served from /
    },
  },
  {
    files: ['**/*.svelte', '**/*.ts'],
    ignores: ['**/queries.ts', 'src/lib/api/**'],
    rules: {
      // The build collects the operations of all files that are called so, and of no others.
      'no-restricted-imports': [
        'error',
        { paths: [{ name: '$lib/api/graphql', importNames: ['graphql'], message: 'Put it into a queries.ts.' }] },
      ],
    },
  },
);
