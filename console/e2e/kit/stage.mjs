// The stage of one story: browsers with a voice each, people who sign in, diners, and the program itself.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { Diner } from './diner.mjs'
import { ears } from './page.mjs'
import { writeTone } from './tones.mjs'
import { until } from './until.mjs'

const run = promisify(execFile)
const repository = resolve(import.meta.dirname, '../../..')

/** Noise of browsers that says nothing about our pages. */
const HARMLESS = [
  // A refused request is told by the page; Chromium tells it, too.
  /Failed to load resource: the server responded with a status of (401|404|403|409|422|429|503)/,
  /WebSocket connection to .* failed/,
  /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|ABORTED|SOCKET_NOT_CONNECTED|INCOMPLETE_CHUNKED_ENCODING)/,
]

export class Stage {
  constructor(name) {
    this.name = name
    this.web = need('DINETONE_WEB')
    this.sip = need('DINETONE_SIP')
    this.program = resolve(need('DINETONE_PROGRAM'))
    this.folder = process.env.DINETONE_FOLDER ?? process.cwd()
    this.artefacts = process.env.DINETONE_ARTEFACTS ?? join(repository, 'target/console', name)
    this.temporary = mkdtempSync(join(tmpdir(), 'dinetone-e2e-'))
    this.browsers = new Map()
    this.contexts = []
    this.pages = []
    this.diners = []
    this.faults = []
    rmSync(this.artefacts, { recursive: true, force: true })
    mkdirSync(this.artefacts, { recursive: true })
    // Whoever started us answers here.
    this.replies = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  }

  /** A browser whose microphone plays this tone; one for each tone. */
  async browser(hz) {
    if (!this.browsers.has(hz)) {
      const tone = writeTone(join(this.temporary, `${hz}.wav`), hz)
      this.browsers.set(
        hz,
        chromium.launch({
          executablePath: process.env.DINETONE_CHROMIUM ?? '/usr/bin/chromium',
          headless: true,
          args: [
            '--no-sandbox',
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-audio-capture=${tone}`,
            '--autoplay-policy=no-user-gesture-required',
            '--allow-loopback-in-peer-connection',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
            '--disable-gpu',
          ],
        }),
      )
    }
    return this.browsers.get(hz)
  }

  /** A person's own browser profile: cookies and storage of nobody else. */
  async person(name, { voice = 440, language = 'zh-CN', size = [1440, 900] } = {}) {
    const browser = await this.browser(voice)
    const context = await browser.newContext({ locale: language, timezoneId: 'Asia/Shanghai', viewport: { width: size[0], height: size[1] }, baseURL: this.web, reducedMotion: 'reduce' })
    context.setDefaultTimeout(10_000)
    await context.addInitScript(ears)
    await context.tracing.start({ screenshots: true, snapshots: true })
    this.contexts.push([name, context])
    return {
      name,
      voice,
      context,
      open: async (path) => {
        const page = await context.newPage()
        this.watch(name, page)
        await page.goto(path)
        return page
      },
      /** Signs in without the page: for stories that are about something else. */
      signIn: async (user, password = 'demo') => {
        const answer = await context.request.post('/api/session', { data: { user, password }, headers: { origin: this.web } })
        if (!answer.ok()) throw new Error(`${user} cannot sign in: ${answer.status()} ${await answer.text()}`)
        return answer.json()
      },
      get: async (path) => {
        const answer = await context.request.get(path)
        if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`)
        return answer.json()
      },
    }
  }

  /** An agent at work: signed in, shift begun, sound connected, ready. */
  async agent(user, options = {}) {
    const person = await this.person(user, options)
    person.me = await person.signIn(user)
    person.page = await person.open('/agent')
    return person
  }

  watch(name, page) {
    this.pages.push([name, page])
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      const text = `${name}: ${message.text()} (${message.location().url})`
      if (!HARMLESS.some((known) => known.test(text))) this.faults.push(text)
    })
    page.on('pageerror', (error) => this.faults.push(`${name}: ${error.stack ?? error.message}`))
  }

  diner(from, more = {}) {
    const diner = new Diner({ program: this.program, folder: this.folder, sip: this.sip, from, ...more })
    this.diners.push(diner)
    return diner
  }

  /** A command of the program, as JSON. */
  async cli(...args) {
    const { stdout } = await run(this.program, args, { cwd: this.folder, maxBuffer: 16 << 20 })
    return JSON.parse(stdout)
  }

  /** Asks whoever started us to do something with the program: `kill`, `terminate`, `start`; or a key on the branch's telephone: `phone 1`. */
  async server(deed) {
    process.stdout.write(`@server ${deed}\n`)
    const { value, done } = await this.replies.next()
    if (done || value !== 'done') throw new Error(`the program could not ${deed}: ${value}`)
  }

  /** A picture among the artefacts. */
  async shot(page, name, options = {}) {
    await page.screenshot({ path: join(this.artefacts, `${name}.png`), animations: 'disabled', ...options })
  }

  /** A picture that the README shows. */
  async picture(page, name, options = {}) {
    await this.shot(page, name, options)
    if (process.env.DINETONE_PICTURES) {
      await page.screenshot({ path: join(repository, 'docs/pictures', `${name}.png`), animations: 'disabled', ...options })
    }
  }

  async close(failed) {
    for (const diner of this.diners) diner.close()
    if (failed) {
      for (const [place, [name, page]] of this.pages.entries()) {
        await page.screenshot({ path: join(this.artefacts, `failed-${place}-${name}.png`) }).catch(() => {})
        const html = await page.content().catch(() => '')
        writeFileSync(join(this.artefacts, `failed-${place}-${name}.html`), html)
      }
    }
    for (const [place, [name, context]] of this.contexts.entries()) {
      await context.tracing.stop(failed ? { path: join(this.artefacts, `trace-${place}-${name}.zip`) } : {}).catch(() => {})
    }
    for (const browser of this.browsers.values()) await (await browser.catch(() => null))?.close().catch(() => {})
    rmSync(this.temporary, { recursive: true, force: true })
  }
}

function need(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: see console/e2e/README.md`)
  return value
}

export { until }
