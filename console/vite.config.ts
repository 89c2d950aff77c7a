// One build, one page per job: each html file is an entry, so that a wallboard does not load the order form.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The program serves `/agent`; the development server has `agent.html`. */
const pretty: Plugin = {
  name: 'page-addresses',
  configureServer(server) {
    server.middlewares.use((request, _response, next) => {
      const [path, query] = (request.url ?? '').split('?')
      if (path && /^\/r\/[\w-]+$/.test(path)) request.url = '/rider.html'
      else if (path && /^\/(agent|floor|wall|phone|branch|dispatch|reports|tickets|campaigns|admin)$/.test(path)) request.url = `${path}.html${query ? `?${query}` : ''}`
      next()
    })
  },
}

/** What every page shows until its script has come, also when it does not come: never a white page. */
const opening: Plugin = {
  name: 'opening',
  transformIndexHtml: (html) =>
    html.replace('<div id="app"></div>', '<div id="app"><p class="opening" role="status">正在打开…<span lang="en">Opening…</span></p></div>\n    <noscript><p class="opening">此页需要 JavaScript。<span lang="en">This page needs JavaScript.</span></p></noscript>'),
}

/** What the agent's page loads before it can take a call: 80 kB gzip and no more. */
const budget: Plugin = {
  name: 'budget',
  apply: 'build',
  // As it is written: the lists of what comes later stand in it by then.
  writeBundle(_options, bundle) {
    const seen = new Set<string>()
    const add = (name: string) => {
      const chunk = bundle[name]
      if (seen.has(name) || chunk?.type !== 'chunk') return
      seen.add(name)
      chunk.imports.forEach(add)
    }
    for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk' && chunk.isEntry && chunk.name === 'agent') add(chunk.fileName)
    const bytes = [...seen].reduce((sum, name) => sum + gzipSync((bundle[name] as { code: string }).code, { level: 9 }).length, 0)
    if (bytes > 80_000) this.error(`the agent's script is ${bytes} bytes gzip, more than 80000`)
  },
}

// Where `npm run dev` finds a running program (or the stand-in of dev/mock.mjs).
const server = process.env.DINETONE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: here('.'),
  plugins: [vue(), pretty, opening, budget],
  resolve: { alias: { '@': here('./src') } },
  // Only the composition API is used: the other half of Vue stays out of the build.
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        // What every page has is one file, what pages with calls have another: fewer requests, and they pack better than many small
        // ones. A browser opens six connections, and the agent's page needs three scripts and three style sheets.
        manualChunks: (id) => {
          if (/src\/shared\/.*(softphone|floor_state|StateChip)/.test(id)) return 'calls'
          if (/node_modules|plugin-vue:export-helper/.test(id)) return 'shared'
          return /src\/shared\//.test(id) && !/i18n\/en|OfficeBar|DataTable|Combobox|Drawer|notify/.test(id) ? 'shared' : undefined
        },
      },
      input: {
        index: here('./index.html'),
        agent: here('./agent.html'),
        floor: here('./floor.html'),
        wall: here('./wall.html'),
        phone: here('./phone.html'),
        branch: here('./branch.html'),
        dispatch: here('./dispatch.html'),
        reports: here('./reports.html'),
        tickets: here('./tickets.html'),
        campaigns: here('./campaigns.html'),
        rider: here('./rider.html'),
        admin: here('./admin.html'),
      },
    },
  },
  server: {
    port: 5173,
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  test: { include: ['tests/**/*.test.ts', 'src/**/*.test.ts'], environment: 'node' },
} as import('vite').UserConfig)
