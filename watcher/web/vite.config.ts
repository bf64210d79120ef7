import { defineConfig } from 'vite'

export default defineConfig({
  base: './', // all views lie one step below the prefix they are served under, so that it need not be known
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content policy knows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
