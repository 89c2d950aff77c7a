// The voice in the page: one peer connection for the whole shift (or for one call of the diner's phone). The server owns the
// calls; this owns the microphone, the devices and the media path, and says what is wrong with them before a caller notices.
import { reactive } from 'vue'
import { freshKey } from './api'

export type SoftphoneTrouble =
  /** The page is neither https nor localhost: browsers give no microphone. */
  | 'insecure'
  | 'no_microphone'
  | 'permission'
  /** Another program holds the microphone. */
  | 'in_use'
  /** The server did not answer the offer. */
  | 'no_answer'
  /** No sound packets get through (UDP is blocked). */
  | 'blocked'
  /** The device is there, but nothing is heard from it. */
  | 'silent'

export interface SoftphoneState {
  phase: 'closed' | 'opening' | 'connected' | 'lost' | 'failed'
  trouble: SoftphoneTrouble | null
  /** Level of the microphone in dBFS, −100 to 0, muted or not. */
  level: number
  muted: boolean
  /** Muted, but somebody speaks into it. */
  speakingWhileMuted: boolean
  /** The chosen device went away in use; the default one took over. */
  headsetGone: boolean
  /** Another tab of this browser took the leg over. */
  takenOver: boolean
  inputs: { id: string; label: string }[]
  outputs: { id: string; label: string }[]
}

export interface Devices {
  microphone: string
  speaker: string
}

export interface SoftphoneOptions {
  /** Sends the offer; the answer comes by `answered`. */
  sendOffer: (sdp: string) => Promise<void>
  /** For trickled candidates; without it the offer waits until all are gathered. */
  sendCandidate?: (candidate: string) => Promise<void>
  devices?: () => Devices
  /** One leg per person: another tab with the same name takes over. */
  seat?: string
  /** Called when the path is lost and a new offer has been made, and when it is up. */
  onPhase?: (phase: SoftphoneState['phase']) => void
  /** Try again by itself when the path is lost (a shift), or not (one call). */
  keepUp?: boolean
}

/** dBFS of samples between −1 and 1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const rms = Math.sqrt(sum / Math.max(1, samples.length))
  return rms < 1e-5 ? -100 : Math.max(-100, 20 * Math.log10(rms))
}

/** What getUserMedia's error means for a person. */
export function troubleOf(error: unknown): SoftphoneTrouble {
  const name = (error as { name?: string } | null)?.name ?? ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'permission'
  if (name === 'NotReadableError' || name === 'AbortError') return 'in_use'
  return 'no_microphone'
}

const CONNECT_MS = 8_000
const ANSWER_MS = 6_000
/** «You speak while muted» above this level. */
export const SPEAKING_DB = -40

export class Softphone {
  readonly state: SoftphoneState = reactive({
    phase: 'closed',
    trouble: null,
    level: -100,
    muted: false,
    speakingWhileMuted: false,
    headsetGone: false,
    takenOver: false,
    inputs: [],
    outputs: [],
  })

  private stream: MediaStream | null = null
  private meterStream: MediaStream | null = null
  private meterContext: AudioContext | null = null
  private meterTimer: ReturnType<typeof setInterval> | undefined
  private peer: RTCPeerConnection | null = null
  private audio: HTMLAudioElement | null = null
  private waitingForAnswer = false
  private again: ReturnType<typeof setTimeout> | undefined
  private limit: ReturnType<typeof setTimeout> | undefined
  private attempts = 0
  private spokenTicks = 0
  private readonly self = freshKey()
  private channel: BroadcastChannel | null = null
  private closed = true

  constructor(private readonly options: SoftphoneOptions) {}

  /** Opens the microphone (asks for permission) without connecting: the check before the shift. True when it works. */
  async openMicrophone(): Promise<boolean> {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.trouble(window.isSecureContext ? 'no_microphone' : 'insecure')
      return false
    }
    try {
      await this.capture(this.options.devices?.().microphone ?? '')
    } catch (error) {
      this.trouble(troubleOf(error))
      return false
    }
    if (this.state.trouble !== 'blocked' && this.state.trouble !== 'no_answer') this.state.trouble = null
    await this.listDevices()
    navigator.mediaDevices.ondevicechange = () => void this.devicesChanged()
    return true
  }

  /** Connects; resolves false when it could not even begin. `state.phase` tells the rest. */
  async open(): Promise<boolean> {
    this.closed = false
    this.state.takenOver = false
    this.takeSeat()
    if (!this.stream && !(await this.openMicrophone())) return false
    this.attempts = 0
    await this.offer()
    return true
  }

  /** The answer to the last offer. */
  async answered(sdp: string) {
    if (!this.peer || !this.waitingForAnswer) return
    this.waitingForAnswer = false
    try {
      await this.peer.setRemoteDescription({ type: 'answer', sdp })
    } catch {
      this.lost('no_answer')
      return
    }
    clearTimeout(this.limit)
    this.limit = setTimeout(() => {
      if (this.state.phase !== 'connected') this.lost('blocked')
    }, CONNECT_MS)
  }

  /** A new offer for the same leg: after the page's socket came back. Waits its turn when one is on the way. */
  async reoffer() {
    if (this.closed || !this.stream) return
    this.attempts = 0
    await this.offer()
  }

  close() {
    this.closed = true
    clearTimeout(this.again)
    clearTimeout(this.limit)
    this.dropPeer()
    this.dropStream()
    this.channel?.close()
    this.channel = null
    if (navigator.mediaDevices) navigator.mediaDevices.ondevicechange = null
    this.phase('closed')
  }

  mute(on: boolean) {
    this.state.muted = on
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on
    if (!on) this.state.speakingWhileMuted = false
  }

  /** Changes the microphone and the headset without a new connection. */
  async useDevices() {
    const devices = this.options.devices?.()
    if (!devices) return
    if (this.stream) {
      try {
        await this.capture(devices.microphone)
        await this.peer?.getSenders().find((sender) => sender.track?.kind === 'audio' || sender.track === null)?.replaceTrack(this.stream.getAudioTracks()[0] ?? null)
        this.state.headsetGone = false
      } catch (error) {
        this.trouble(troubleOf(error))
      }
    }
    await this.audio?.setSinkId?.(devices.speaker).catch(() => {})
  }

  private phase(to: SoftphoneState['phase']) {
    if (this.state.phase === to) return
    this.state.phase = to
    this.options.onPhase?.(to)
  }

  private trouble(what: SoftphoneTrouble) {
    this.state.trouble = what
    if (what !== 'silent' && this.state.phase !== 'connected') this.phase('failed')
  }

  private async capture(microphone: string) {
    const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }
    let stream: MediaStream
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: microphone ? { ...audio, deviceId: { exact: microphone } } : audio,
      })
    } catch (error) {
      // The chosen one is not plugged in today: any other will do.
      if (!microphone || (error as Error).name === 'NotAllowedError') throw error
      stream = await navigator.mediaDevices.getUserMedia({ audio })
    }
    this.dropStream()
    this.stream = stream
    for (const track of stream.getAudioTracks()) {
      track.enabled = !this.state.muted
      track.onended = () => void this.trackEnded()
    }
    this.meter(stream)
  }

  /** Measures a copy of the track, which is heard even when the original is muted. */
  private meter(stream: MediaStream) {
    const track = stream.getAudioTracks()[0]?.clone()
    if (!track || typeof AudioContext === 'undefined') return
    track.enabled = true
    this.meterStream = new MediaStream([track])
    const context = new AudioContext()
    this.meterContext = context
    void context.resume().catch(() => {})
    const analyser = context.createAnalyser()
    analyser.fftSize = 1024
    context.createMediaStreamSource(this.meterStream).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    let silentFor = 0
    this.meterTimer = setInterval(() => {
      if (context.state !== 'running') return
      analyser.getFloatTimeDomainData(samples)
      this.state.level = levelOf(samples)
      // A second of speech, not a cough.
      this.spokenTicks = this.state.muted && this.state.level > SPEAKING_DB ? this.spokenTicks + 1 : Math.max(0, this.spokenTicks - 0.5)
      if (this.state.muted) this.state.speakingWhileMuted = this.spokenTicks >= 6
      // Digital silence for ten seconds: a switch on the headset, or muted in the system.
      silentFor = this.state.level <= -95 ? silentFor + 100 : 0
      if (silentFor >= 10_000 && this.state.trouble === null) this.state.trouble = 'silent'
      else if (silentFor === 0 && this.state.trouble === 'silent') this.state.trouble = null
    }, 100)
  }

  private dropStream() {
    clearInterval(this.meterTimer)
    for (const stream of [this.stream, this.meterStream]) {
      for (const track of stream?.getTracks() ?? []) {
        track.onended = null
        track.stop()
      }
    }
    void this.meterContext?.close().catch(() => {})
    this.stream = this.meterStream = null
    this.meterContext = null
    this.state.level = -100
  }

  private async trackEnded() {
    this.state.headsetGone = true
    try {
      await this.capture('')
      await this.peer?.getSenders()[0]?.replaceTrack(this.stream?.getAudioTracks()[0] ?? null)
    } catch (error) {
      this.state.trouble = troubleOf(error)
    }
  }

  private async devicesChanged() {
    const before = new Set(this.state.inputs.map((device) => device.id))
    await this.listDevices()
    const wanted = this.options.devices?.().microphone
    const there = new Set(this.state.inputs.map((device) => device.id))
    if (wanted && before.has(wanted) && !there.has(wanted)) await this.trackEnded()
    else if (wanted && this.state.headsetGone && there.has(wanted)) await this.useDevices()
    else if (there.size === 0) this.state.trouble = 'no_microphone'
    else if (this.state.trouble === 'no_microphone' && !this.closed) {
      this.state.trouble = null
      await this.open()
    }
  }

  async listDevices() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? []
    const of = (kind: MediaDeviceKind) =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map((device) => ({ id: device.deviceId, label: device.label || device.deviceId.slice(0, 8) }))
    this.state.inputs = of('audioinput')
    this.state.outputs = of('audiooutput')
  }

  private takeSeat() {
    if (!this.options.seat || typeof BroadcastChannel === 'undefined') return
    this.channel?.close()
    this.channel = new BroadcastChannel(`dinetone.seat.${this.options.seat}`)
    this.channel.onmessage = (event: MessageEvent<{ taken?: string }>) => {
      if (event.data?.taken && event.data.taken !== this.self) this.takenOver()
    }
    this.channel.postMessage({ taken: this.self })
  }

  /** Another page has the leg now: this one lets go. */
  takenOver() {
    this.close()
    this.state.takenOver = true
  }

  private async offer() {
    clearTimeout(this.again)
    clearTimeout(this.limit)
    if (!this.stream || this.closed) return
    this.dropPeer()
    if (this.state.phase !== 'lost') this.phase('opening')
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.peer = peer
    for (const track of this.stream.getAudioTracks()) peer.addTrack(track, this.stream)
    peer.ontrack = (event) => this.play(event.streams[0] ?? new MediaStream([event.track]))
    peer.onconnectionstatechange = () => {
      if (peer !== this.peer) return
      if (peer.connectionState === 'connected') {
        clearTimeout(this.limit)
        this.attempts = 0
        if (this.state.trouble === 'blocked' || this.state.trouble === 'no_answer') this.state.trouble = null
        this.phase('connected')
      } else if (peer.connectionState === 'failed' || peer.connectionState === 'closed') this.lost('blocked')
      else if (peer.connectionState === 'disconnected') {
        this.phase('lost')
        clearTimeout(this.limit)
        this.limit = setTimeout(() => {
          if (peer === this.peer && peer.connectionState !== 'connected') this.lost('blocked')
        }, 2_500)
      }
    }
    try {
      await peer.setLocalDescription(await peer.createOffer())
      if (!this.options.sendCandidate) await gathered(peer)
      else {
        const send = this.options.sendCandidate
        peer.onicecandidate = (event) => {
          if (event.candidate?.candidate && peer === this.peer) void send(event.candidate.candidate).catch(() => {})
        }
      }
      if (peer !== this.peer) return
      this.waitingForAnswer = true
      this.limit = setTimeout(() => {
        if (peer === this.peer && this.waitingForAnswer) this.lost('no_answer')
      }, ANSWER_MS)
      await this.options.sendOffer(peer.localDescription?.sdp ?? '')
    } catch {
      if (peer === this.peer) this.lost('no_answer')
    }
  }

  private lost(why: SoftphoneTrouble) {
    if (this.closed) return
    clearTimeout(this.limit)
    this.dropPeer()
    this.state.trouble = why
    this.phase(this.options.keepUp ? 'lost' : 'failed')
    if (!this.options.keepUp) return
    // Soon at first (a Wi-Fi change), then calmly: nobody reads a page that flickers.
    const wait = Math.min(8_000, 500 * 2 ** this.attempts++)
    clearTimeout(this.again)
    this.again = setTimeout(() => void this.offer(), wait)
  }

  private play(stream: MediaStream) {
    this.audio ??= new Audio()
    this.audio.autoplay = true
    this.audio.srcObject = stream
    const speaker = this.options.devices?.().speaker
    if (speaker) void this.audio.setSinkId?.(speaker).catch(() => {})
    void this.audio.play().catch(() => {
      // Not allowed before a click: the first one starts it.
      addEventListener('pointerdown', () => void this.audio?.play().catch(() => {}), { once: true })
    })
  }

  private dropPeer() {
    const peer = this.peer
    this.peer = null
    this.waitingForAnswer = false
    if (!peer) return
    peer.onconnectionstatechange = peer.ontrack = peer.onicecandidate = null
    peer.close()
    if (this.audio) this.audio.srcObject = null
  }

  /** For tests and the settings page. */
  stats() {
    return this.peer?.getStats() ?? Promise.resolve(null)
  }
}

/** All candidates, or those of the first second. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, 1_000)
    function done() {
      clearTimeout(timer)
      peer.onicegatheringstatechange = null
      resolve()
    }
    peer.onicegatheringstatechange = () => {
      if (peer.iceGatheringState === 'complete') done()
    }
  })
}
