// A desk phone that is not ours: baresip, registered at the program, without a sound card. It sends 440 Hz and keeps what it hears.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.mjs'

const MODULES = ['/usr/lib/baresip/modules', '/usr/lib/x86_64-linux-gnu/baresip/modules', '/usr/lib/aarch64-linux-gnu/baresip/modules']

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

export class DeskPhone {
  /** Its ports were free a moment ago: another try when somebody else was faster. */
  static async start(settings, tries = 3) {
    try {
      return await DeskPhone.#start(settings)
    } catch (error) {
      if (tries <= 1) throw error
      return DeskPhone.start(settings, tries - 1)
    }
  }

  static async #start({ account, password, sip, hz = 440 }) {
    const phone = new DeskPhone()
    phone.folder = mkdtempSync(join(tmpdir(), 'dinetone-baresip-'))
    phone.said = ''
    const [listen, control] = [await freePort(), await freePort()]
    const modules = MODULES.find((path) => existsSync(path))
    if (!modules) throw new Error('baresip is not installed: `apt-get install baresip-core`')
    writeFileSync(
      join(phone.folder, 'config'),
      [
        `module_path ${modules}`, `sip_listen 127.0.0.1:${listen}`, `ctrl_tcp_listen 127.0.0.1:${control}`, `audio_player aubridge,nobody`, `audio_source ausine,${hz}`, 'audio_alert aubridge,nobody', 'ausrc_srate 48000', 'ausrc_channels 2',
        'module g711.so', 'module ausine.so', 'module aubridge.so', 'module sndfile.so', `snd_path ${phone.folder}`, 'module_tmp account.so', 'module_app menu.so', 'module_app ctrl_tcp.so', '',
      ].join('\n'),
    )
    writeFileSync(join(phone.folder, 'accounts'), `<sip:${account}@${sip};transport=udp>;auth_pass=${password};regint=60;audio_codecs=pcma\n`)
    writeFileSync(join(phone.folder, 'contacts'), '')
    phone.process = spawn('baresip', ['-4', '-f', phone.folder], { cwd: phone.folder, env: { ...process.env, HOME: phone.folder }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [phone.process.stdout, phone.process.stderr]) stream.on('data', (text) => (phone.said += text))
    await until('baresip is registered', () => phone.said.includes('200 OK'), 15_000).catch((error) => {
      phone.close()
      throw new Error(`${error.message}; it said: ${phone.said.slice(-800)}`)
    })
    phone.control = createConnection(control, '127.0.0.1')
    phone.control.on('data', () => {}).on('error', () => {})
    return phone
  }

  /** One of baresip's commands, as a netstring. */
  say(command, params = '') {
    const text = JSON.stringify({ command, params })
    this.control.write(`${text.length}:${text},`)
  }

  /** The strongest tone of the last second that it heard; none while there is too little. */
  heard() {
    // The newest of the files that its filter writes of decoded sound.
    const names = readdirSync(this.folder).filter((name) => name.endsWith('-dec.wav')).sort()
    const file = names.length > 0 ? readFileSync(join(this.folder, names.at(-1))) : Buffer.alloc(0)
    if (file.length < 16_000) return null
    const rate = file.readUInt32LE(24)
    const channels = file.readUInt16LE(22)
    const from = Math.max(44, file.length - rate * channels * 2)
    const samples = []
    for (let at = from - (from % (2 * channels)); at + 1 < file.length; at += 2 * channels) samples.push(file.readInt16LE(at))
    const window = samples.slice(0, Math.floor(samples.length / (rate / 10)) * (rate / 10))
    let best = { hz: 0, power: 0 }
    for (let hz = 200; hz <= 2000; hz += 10) {
      const step = 2 * Math.cos((2 * Math.PI * hz) / rate)
      let [before, last] = [0, 0]
      for (const sample of window) [before, last] = [last, step * last - before + sample]
      const power = (2 * (before * before + last * last - step * before * last)) / window.length ** 2
      if (power > best.power) best = { hz, power }
    }
    const all = window.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, window.length)
    return { hz: best.hz, over_db: 10 * Math.log10(best.power / Math.max(all - best.power, all * 1e-5, 1e-3)) }
  }

  close() {
    this.control?.destroy()
    this.process?.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
