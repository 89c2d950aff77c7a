// A diner at the end of `dinetone call`: presses keys, hums a tone, and tells what is heard.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { until } from './until.mjs'

export const HUM = 700

export class Diner {
  constructor({ program, folder, sip, from, to = '1000', keys = '', hum = HUM, stay = 120 }) {
    this.from = from
    this.lines = []
    this.sounds = []
    this.verdict = null
    this.errors = ''
    const args = ['call', '--to', `sip:${to}@${sip}`, '--from', from, '--json', '--meter', '--typed', '--hum', String(hum), '--stay', String(stay)]
    args.push('--press', keys)
    this.process = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    this.process.stderr.on('data', (text) => (this.errors += text))
    // A diner who has hung up takes no more keys.
    this.process.stdin.on('error', () => {})
    this.over = new Promise((resolve) => this.process.once('close', resolve))
    createInterface({ input: this.process.stdout }).on('line', (line) => this.#heard(JSON.parse(line)))
  }

  #heard(event) {
    if (event.event === 'sound') this.sounds.push({ ...event.sound, at: Date.now(), none: event.sound === null })
    else if (event.event === 'call') this.verdict = event
    else this.lines.push(event)
    if (this.sounds.length > 200) this.sounds.shift()
  }

  press(keys) {
    this.process.stdin.write(`${keys}\n`)
  }

  hangUp() {
    this.process.stdin.write('q\n')
  }

  /** The prompts that were recognised so far. */
  prompts() {
    return this.lines.flatMap((line) => line.prompts ?? [])
  }

  hearsPrompt(id, within) {
    return until(`${this.from} hears ${id}; heard ${this.prompts().join(', ')}`, () => this.prompts().includes(id), within)
  }

  /** What was heard after `since`. */
  after(since) {
    return this.sounds.filter((sound) => sound.at > since)
  }

  /** Hears this tone, and little else, from now on. */
  hearsTone(hz, within = 8_000) {
    const since = Date.now()
    return until(
      `diner ${this.from} hears ${hz} Hz`,
      () => this.after(since).some((sound) => Math.abs(sound.hz - hz) <= 10 && sound.over_db >= 20 && sound.level_db > -45),
      within,
    ).catch((error) => {
      throw new Error(`${error.message}; heard ${JSON.stringify(this.after(since).slice(-5))}`)
    })
  }

  /** Hears nothing but silence, from now on, for `times` looks in a row (five a second). */
  async hearsSilence(within = 8_000, times = 3) {
    const since = Date.now()
    await until(`diner ${this.from} hears silence`, () => {
      const heard = this.after(since)
      return heard.length >= times && heard.slice(-times).every((sound) => sound.none || sound.level_db < -60)
    }, within).catch((error) => {
      throw new Error(`${error.message}; heard ${JSON.stringify(this.after(since).slice(-5))}`)
    })
  }

  /** Hears something that is neither silence nor one of these tones: music, a prompt. */
  async hearsOther(notHz, within = 8_000) {
    const since = Date.now()
    await until(`diner ${this.from} hears music`, () => {
      const heard = this.after(since).slice(-3)
      return heard.length === 3 && heard.filter((sound) => !sound.none && sound.level_db > -50).length >= 2 && heard.every((sound) => !notHz.some((hz) => Math.abs((sound.hz ?? 0) - hz) <= 10 && sound.over_db >= 12))
    }, within).catch((error) => {
      throw new Error(`${error.message}; heard ${JSON.stringify(this.after(since).slice(-5))}`)
    })
  }

  async ended(within = 10_000) {
    await until(`the call of ${this.from} is over`, () => this.verdict, within)
    return this.verdict
  }

  close() {
    this.process.stdin.end()
    this.process.kill()
  }
}
