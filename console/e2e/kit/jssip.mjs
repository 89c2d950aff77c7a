// A softphone in a browser that is not ours: JsSIP on a page of this house, which speaks SIP over a WebSocket (RFC 7118).
import { createRequire } from 'node:module'
import { build } from 'vite'
import { until } from './until.mjs'

/** The library as one script; its package has its modules only. */
async function library() {
  const entry = createRequire(import.meta.url).resolve('jssip')
  const [{ output }] = [await build({ configFile: false, logLevel: 'silent', build: { write: false, lib: { entry, formats: ['iife'], name: 'JsSIP', fileName: 'jssip' } } })].flat()
  return `${output[0].code}\nwindow.JsSIP = JsSIP.default ?? JsSIP`
}

export class Softphone {
  /** Signs on with the program's registrar. It sends the voice of its browser. */
  static async start(stage, { account, password, voice = 440 }) {
    const phone = new Softphone()
    const person = await stage.person(`jssip-${account}`, { voice })
    await person.context.addInitScript({ content: await library() })
    phone.page = await person.open('/')
    await phone.page.evaluate(
      ([account, password]) => {
        const socket = new window.JsSIP.WebSocketInterface(`ws://${location.host}/sip`)
        const ua = new window.JsSIP.UA({ sockets: [socket], uri: `sip:${account}@${location.hostname}`, password })
        const soft = { ua, session: null, said: [] }
        window.soft = soft
        const follow = (name) => ua.on(name, (event) => soft.said.push(`${name} ${event?.cause ?? ''}`.trim()))
        for (const name of ['connected', 'disconnected', 'registered', 'unregistered', 'registrationFailed']) follow(name)
        const plays = (peer) =>
          peer?.addEventListener('track', ({ track }) => {
            soft.speaker = new Audio()
            soft.speaker.srcObject = new MediaStream([track])
            void soft.speaker.play()
          })
        ua.on('newRTCSession', ({ session }) => {
          soft.session = session
          // It is there already when we call, and comes with the answer when we are called.
          plays(session.connection)
          session.on('peerconnection', ({ peerconnection }) => plays(peerconnection))
          for (const name of ['progress', 'accepted', 'confirmed', 'ended', 'failed', 'hold', 'unhold']) {
            session.on(name, (event) => soft.said.push(`${name} ${event?.cause ?? ''}`.trim()))
          }
          soft.said.push(`session ${session.direction}`)
        })
        ua.start()
      },
      [account, password],
    )
    await phone.says(/^registered/)
    return phone
  }

  /** Waits until it has told of this, and forgets what it told before. */
  async says(what, within = 15_000) {
    let said = []
    await until(`the softphone says ${what}`, async () => {
      said = await this.page.evaluate(() => window.soft.said)
      return said.some((line) => what.test(line))
    }, within).catch((error) => {
      throw new Error(`${error.message}; it said: ${said.join(', ')}`)
    })
    await this.page.evaluate(() => window.soft.said.splice(0))
  }

  ring = (number) => this.page.evaluate((number) => void window.soft.ua.call(number, { mediaConstraints: { audio: true, video: false } }), number)
  answer = () => this.page.evaluate(() => window.soft.session.answer({ mediaConstraints: { audio: true, video: false } }))
  hold = () => this.page.evaluate(() => void window.soft.session.hold())
  unhold = () => this.page.evaluate(() => void window.soft.session.unhold())
  press = (key) => this.page.evaluate((key) => window.soft.session.sendDTMF(key, { transportType: 'RFC2833' }), key)
  hangUp = () => this.page.evaluate(() => window.soft.session.terminate())
  signOff = () => this.page.evaluate(() => window.soft.ua.stop())
}
