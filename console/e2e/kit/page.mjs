// What a test asks of a page: what it hears and sends, what it shows, whether words fit their boxes and can be read.
import { check, until } from './until.mjs'

/** Runs in the page before anything else: remembers its peer connections, and offers an ear on the newest one. */
export function ears() {
  // The voices of stories are tones: what a browser does against steady noise and echoes takes them away, now and then.
  const devices = navigator.mediaDevices
  const ask = devices?.getUserMedia?.bind(devices)
  if (ask) {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
    devices.getUserMedia = (wanted) => ask(wanted?.audio ? { ...wanted, audio: { ...wanted.audio, ...plain } } : wanted)
  }
  const Native = window.RTCPeerConnection
  const peers = []
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given)
      peers.push(this)
    }
  }
  const alive = () => peers.filter((peer) => peer.connectionState !== 'closed').at(-1)
  let listening = null
  const goertzel = (samples, hz, rate) => {
    const step = 2 * Math.cos((2 * Math.PI * hz) / rate)
    let before = 0
    let last = 0
    for (const sample of samples) [before, last] = [last, step * last - before + sample]
    return (2 * (before * before + last * last - step * before * last)) / samples.length ** 2
  }
  window.dinetoneEars = {
    /** A tenth of a second of what is played: level in dBFS, the strongest tone, how far it stands out. */
    sound() {
      const peer = alive()
      const track = peer?.getReceivers()[0]?.track
      if (!track) return null
      if (listening?.track !== track) {
        listening?.context.close()
        const context = new AudioContext({ sampleRate: 48_000 })
        const analyser = context.createAnalyser()
        analyser.fftSize = 8192
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
        listening = { track, context, analyser, samples: new Float32Array(8192) }
        return null
      }
      if (listening.context.state !== 'running') void listening.context.resume()
      listening.analyser.getFloatTimeDomainData(listening.samples)
      const samples = listening.samples.subarray(8192 - 4800)
      const all = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      let [hz, tone] = [0, 0]
      for (let at = 200; at <= 2000; at += 10) {
        const power = goertzel(samples, at, 48_000)
        if (power > tone) [hz, tone] = [at, power]
      }
      const db = (power) => 10 * Math.log10(Math.max(power, 1e-12))
      return { level_db: db(all), hz, over_db: db(tone / Math.max(all - tone, all * 1e-5, 1e-12)) }
    },
    async stats() {
      const peer = alive()
      if (!peer) return null
      const found = { state: peer.connectionState, energy: 0, seconds: 0, received: 0, lost: 0, sent: 0, spoken: 0, codec: '', dtmf: false }
      const report = await peer.getStats()
      for (const one of report.values()) {
        if (one.type === 'inbound-rtp' && one.kind === 'audio') {
          Object.assign(found, { energy: one.totalAudioEnergy ?? 0, seconds: one.totalSamplesDuration ?? 0, received: one.packetsReceived, lost: one.packetsLost, codec: report.get(one.codecId)?.mimeType ?? '' })
        } else if (one.type === 'outbound-rtp' && one.kind === 'audio') found.sent = one.packetsSent
        else if (one.type === 'media-source') found.spoken = one.totalAudioEnergy ?? 0
      }
      found.dtmf = peer.getSenders()[0]?.dtmf?.canInsertDTMF ?? false
      return found
    },
  }
}

export const heard = (page) => page.evaluate(() => window.dinetoneEars.sound())
export const stats = (page) => page.evaluate(() => window.dinetoneEars.stats())

const where = (page) => page.url().replace(/^https?:\/\/[^/]+/, '')

/** This tone, and little else, is played by the page. */
export async function hearsTone(page, hz, within = 8_000) {
  const all = []
  await until(`${where(page)} plays ${hz} Hz`, async () => {
    const sound = await heard(page)
    all.push(sound)
    return sound && Math.abs(sound.hz - hz) <= 10 && sound.over_db >= 20 && sound.level_db > -45
  }, within).catch((error) => {
    throw new Error(`${error.message}; heard ${JSON.stringify(all.slice(-4))}`)
  })
}

/** Energy that came in while we waited a while: above 1e-4 (−40 dB) is sound, below 1e-7 is silence. */
export async function inEnergy(page, ms = 1_200) {
  const before = await until('sound statistics', async () => {
    const now = await stats(page)
    return now && now.received > 0 ? now : null
  })
  await new Promise((resolve) => setTimeout(resolve, ms))
  const after = await stats(page)
  return (after.energy - before.energy) / Math.max(0.001, after.seconds - before.seconds)
}

/** Silence is silence: less than −70 dB for a second on end. */
export async function hearsSilence(page, within = 8_000) {
  let last = null
  await until(`${where(page)} is silent`, async () => (last = await inEnergy(page, 700)) < 1e-7, within).catch((error) => {
    throw new Error(`${error.message}; energy ${last}`)
  })
}

export async function playsSound(page, within = 8_000) {
  await until(`${where(page)} plays sound`, async () => (await inEnergy(page, 700)) > 1e-4, within)
}

/** Words that do not fit their boxes, and a page wider than its window. */
export function clipped(page) {
  return page.evaluate(() => {
    const found = []
    if (document.scrollingElement.scrollWidth > innerWidth + 1) found.push(`the page is ${document.scrollingElement.scrollWidth} wide in ${innerWidth}`)
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest('.unseen, svg, select, meter, progress, [hidden], dialog:not([open])') || element.matches('input, textarea')) continue
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
      if (!own && !element.matches('button')) continue
      const style = getComputedStyle(element)
      const box = element.getBoundingClientRect()
      if (style.display === 'inline' || style.visibility === 'hidden' || box.width === 0) continue
      // A line that is cut with an ellipsis on purpose tells its whole text in its title.
      if (style.textOverflow === 'ellipsis' && element.closest('[title]')) continue
      const around = element.closest('dialog, .card, .panel, section, main, header, aside')?.getBoundingClientRect()
      if (around && (box.right > around.right + 1 || box.left < around.left - 1) && !element.closest('[role="menu"]')) {
        found.push(`«${element.textContent.trim().slice(0, 40)}» sticks out (${element.className || element.tagName})`)
      }
      if (element.scrollWidth > element.clientWidth + 1) found.push(`«${element.textContent.trim().slice(0, 40)}» ${element.scrollWidth} in ${element.clientWidth} (${element.className || element.tagName})`)
    }
    return found
  })
}

/** Words that cannot be read: contrast below 4.5 (3 for large ones). */
export function faint(page) {
  return page.evaluate(() => {
    const parse = (color) => {
      const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]
      return color.startsWith('color(srgb') ? [numbers[0] * 255, numbers[1] * 255, numbers[2] * 255, numbers[3] ?? 1] : [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1]
    }
    const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1]
    const luminance = (color) => {
      const [r, g, b] = color.map((value) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const ground = (element) => {
      const layers = []
      for (let at = element; at; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor)
        if (color[3] > 0) layers.push(color)
        if (color[3] === 1) break
      }
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1])
    }
    const found = new Set()
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest('.unseen, [hidden], dialog:not([open]), option')) continue
      if (element.matches(':disabled') || element.closest(':disabled, [aria-disabled="true"]')) continue
      if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')) continue
      const style = getComputedStyle(element)
      const box = element.getBoundingClientRect()
      if (style.visibility === 'hidden' || box.width === 0 || Number(style.opacity) === 0) continue
      const behind = ground(element)
      const words = over(parse(element.closest('svg') ? style.fill : style.color), behind)
      const [light, dark] = [luminance(words), luminance(behind)].sort((a, b) => b - a)
      const ratio = (light + 0.05) / (dark + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5)) found.add(`«${element.textContent.trim().slice(0, 30)}» ${ratio.toFixed(2)} (${element.className || element.tagName})`)
    }
    return [...found]
  })
}

/** Fields and buttons without a name, and things that only a mouse can reach. */
export function nameless(page) {
  return page.evaluate(() => {
    const found = []
    for (const element of document.body.querySelectorAll('button, a[href], input, select, textarea')) {
      if (element.closest('.unseen, [hidden], [aria-hidden="true"], dialog:not([open])') || element.getBoundingClientRect().width === 0) continue
      const named =
        element.getAttribute('aria-label') || element.textContent.trim() || element.title || (element.labels?.length ?? 0) > 0 || element.getAttribute('aria-labelledby')
      if (!named) found.push(element.outerHTML.slice(0, 120))
    }
    return found
  })
}

/** Nothing is found; a page that is still being laid out gets a moment. */
export async function fine(page, look, what) {
  let found = []
  await until(`${where(page)} ${what}`, async () => (found = await look(page)).length === 0, 1_500, 250).catch(() => {})
  check(found.length === 0, `${where(page)} ${what}: ${found.join('; ')}`)
}

/** Both languages, both sizes: words fit, can be read, and everything has a name. */
export async function looksRight(page, { shot = null, languages = ['zh', 'en'], sizes = [[1280, 800], [1440, 900]] } = {}) {
  const before = page.viewportSize()
  const language = await page.evaluate(() => document.documentElement.lang)
  for (const wanted of languages) {
    await speak(page, wanted)
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height })
      for (const [what, look] of [['does not fit', clipped], ['cannot be read', faint], ['has no name', nameless]]) {
        await fine(page, look, `at ${width}×${height} in ${wanted}: ${what}`)
      }
      if (shot) await shot(`${wanted}-${width}`)
    }
  }
  await page.setViewportSize(before)
  await speak(page, language.startsWith('zh') ? 'zh' : 'en')
}

/** Switches the page's language as a person does. */
export async function speak(page, language) {
  const now = await page.evaluate(() => document.documentElement.lang)
  if (now.startsWith(language)) return
  // A dialog that lies over the button does not matter here: its words follow the language, too.
  await page.getByRole('button', { name: /Switch to English|切换到中文/ }).dispatchEvent('click')
  await until(`${where(page)} speaks ${language}`, () => page.evaluate((wanted) => document.documentElement.lang.startsWith(wanted), language))
}
