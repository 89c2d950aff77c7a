// The diner's line: one call at a time over a WebRTC leg, told to the server on the phone's own socket.
import { reactive, watch } from 'vue'
import { Problem } from '@/shared/api'
import { Live } from '@/shared/live'
import type { Frame } from '@/shared/wire'

export type LineState = 'idle' | 'asking' | 'calling' | 'talking' | 'ended'
export type Server = 'looking' | 'there' | 'away' | 'off'

/** How long the browser may look for its own addresses; the server needs none of them to answer. */
const GATHER_MS = 800
/** How long the sound may take to come up once the call is answered. */
const SOUND_MS = 10_000

/** The reasons that the page has words for; all others are told as `failed`. */
const REASONS = ['diner', 'system', 'busy', 'refused', 'no_answer', 'unknown_number', 'lost', 'media', 'failed'] as const
export type Reason = (typeof REASONS)[number]

/** Our word for what the server, or a command's problem, said. */
export function reason(why: string): Reason {
  const known: Record<string, Reason> = {
    hung_up: 'diner',
    caller: 'diner',
    us: 'system',
    agent: 'system',
    bye: 'system',
    finished: 'system',
    served: 'system',
    no_agent: 'system',
    too_long: 'system',
    no_audio: 'media',
    'no-target': 'unknown_number',
    not_found: 'unknown_number',
    unavailable: 'busy',
    overload: 'busy',
    limit: 'busy',
    offline: 'lost',
    timeout: 'lost',
  }
  return (REASONS as readonly string[]).includes(why) ? (why as Reason) : (known[why] ?? 'failed')
}

/** Whether this can be dialled. */
export const isNumber = (text: string) => /^[0-9*#]{1,32}$/.test(text)

export class Line {
  readonly state = reactive({
    server: 'looking' as Server,
    call: 'idle' as LineState,
    since: 0,
    why: null as Reason | null,
    keys: '',
    microphone: true,
    /** 0 to 1, what is heard just now. */
    level: 0,
    /** The browser waits for a click before it plays sound. */
    quiet: false,
  })
  private readonly live: Live
  private peer: RTCPeerConnection | null = null
  private voice: MediaStream | null = null
  private sounds: AudioContext | null = null
  private readonly player = new Audio()
  private meter: ReturnType<typeof setInterval> | undefined
  private patience: ReturnType<typeof setTimeout> | undefined
  /** Raised by every call: what belongs to an older one is dropped. */
  private turn = 0

  constructor() {
    this.player.autoplay = true
    this.live = new Live({
      path: '/api/phone',
      sequenced: false,
      onFrame: (frame) => this.heard(frame),
      onOpen: () => (this.state.server = 'there'),
      onLost: () => {
        this.state.server = 'away'
        this.end('lost')
      },
    })
  }

  /** Keeps a socket to the server; when it does not open, asks whether there is such a telephone at all. */
  open() {
    this.live.start()
    watch(
      () => this.live.state.attempt,
      async (attempt) => {
        if (attempt === 0 || this.live.state.everOpen) return
        const off = await this.isOff()
        if (this.live.state.everOpen) return
        this.state.server = off ? 'off' : 'away'
        if (off) this.live.stop()
      },
    )
  }

  close() {
    this.live.stop()
    this.end('diner')
  }

  /** A plain request is refused either way; how, tells whether the telephone exists. */
  private async isOff(): Promise<boolean> {
    try {
      const { status } = await fetch('/api/phone', { cache: 'no-store' })
      return status === 403 || status === 404
    } catch {
      return false
    }
  }

  async dial(number: string, caller: string) {
    if (this.peer || this.state.call === 'asking') return
    const turn = ++this.turn
    Object.assign(this.state, { call: 'asking', why: null, keys: '', level: 0, quiet: false })
    try {
      this.voice = await this.microphone()
      if (turn !== this.turn) return this.release()
      this.state.call = 'calling'
      const peer = new RTCPeerConnection()
      this.peer = peer
      peer.ontrack = (event) => {
        this.player.srcObject = event.streams[0] ?? new MediaStream([event.track])
        this.player.play().catch(() => (this.state.quiet = true))
      }
      peer.onconnectionstatechange = () => {
        if (turn !== this.turn) return
        if (peer.connectionState === 'connected') clearTimeout(this.patience)
        if (peer.connectionState === 'failed') this.hangUp('media')
      }
      for (const track of this.voice.getTracks()) peer.addTrack(track, this.voice)
      await peer.setLocalDescription(await peer.createOffer())
      await gathered(peer)
      if (turn !== this.turn) return
      await this.live.send('phone.dial', { number, caller, sdp: peer.localDescription?.sdp ?? '' }, 10_000)
    } catch (error) {
      if (turn === this.turn) this.end(reason(error instanceof Problem ? error.code : 'failed'))
    }
  }

  key(key: string) {
    if (this.state.call !== 'talking') return
    this.state.keys = (this.state.keys + key).slice(-40)
    this.beep(key)
    this.live.send('phone.key', { key }).catch(() => {})
  }

  hangUp(why: Reason = 'diner') {
    if (this.state.call === 'idle' || this.state.call === 'ended') return
    if (this.state.call !== 'asking') this.live.send('phone.hangup').catch(() => {})
    this.end(why)
  }

  /** After a click on the page: browsers let sound play then. */
  unmute() {
    this.player.play().then(
      () => (this.state.quiet = false),
      () => {},
    )
  }

  private async heard(frame: Frame) {
    const peer = this.peer
    if (frame.type === 'phone.answer' && peer) {
      const turn = this.turn
      try {
        await peer.setRemoteDescription({ type: 'answer', sdp: frame.sdp })
        this.patience = setTimeout(() => {
          if (turn === this.turn && peer.connectionState !== 'connected') this.hangUp('media')
        }, SOUND_MS)
      } catch {
        if (turn === this.turn) this.hangUp('failed')
      }
    } else if (frame.type === 'phone.talking' && peer) {
      this.state.call = 'talking'
      this.state.since = Date.now()
      clearInterval(this.meter)
      this.meter = setInterval(() => this.measure(), 120)
    } else if (frame.type === 'phone.ended') {
      this.end(reason(frame.why))
    }
  }

  private end(why: Reason) {
    if (this.state.call === 'idle' || this.state.call === 'ended') return
    this.turn++
    this.state.call = 'ended'
    this.state.why = why
    this.release()
  }

  private release() {
    clearInterval(this.meter)
    clearTimeout(this.patience)
    this.state.level = 0
    this.peer?.close()
    this.peer = null
    this.player.srcObject = null
    for (const track of this.voice?.getTracks() ?? []) track.stop()
    this.voice = null
  }

  /** The microphone; without one a silent track, so that one can still listen and press keys. */
  private async microphone(): Promise<MediaStream> {
    this.sounds ??= new AudioContext()
    void this.sounds.resume()
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } })
      this.state.microphone = true
      return stream
    } catch {
      this.state.microphone = false
      return this.sounds.createMediaStreamDestination().stream
    }
  }

  private measure() {
    const source = this.peer?.getReceivers()[0]?.getSynchronizationSources()[0]
    this.state.level = source?.audioLevel ?? 0
  }

  /** The tone of a key, for the one who presses it. */
  private beep(key: string) {
    const sounds = this.sounds
    const place = '123456789*0#'.indexOf(key)
    if (!sounds || place < 0) return
    const gain = sounds.createGain()
    gain.gain.value = 0.05
    gain.connect(sounds.destination)
    for (const hz of [[697, 770, 852, 941][Math.floor(place / 3)], [1209, 1336, 1477][place % 3]]) {
      const tone = sounds.createOscillator()
      tone.frequency.value = hz ?? 0
      tone.connect(gain)
      tone.start()
      tone.stop(sounds.currentTime + 0.12)
    }
  }
}

/** Until the browser knows its own addresses, or has looked long enough. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      peer.removeEventListener('icegatheringstatechange', look)
      resolve()
    }
    const look = () => {
      if (peer.iceGatheringState === 'complete') done()
    }
    const timer = setTimeout(done, GATHER_MS)
    peer.addEventListener('icegatheringstatechange', look)
  })
}
