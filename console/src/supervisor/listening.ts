// Taking part in somebody's call from the floor: our own leg, and a microphone that is shut until asked for (C71).
import { reactive, watch } from 'vue'
import type { Live } from '@/shared/live'
import { Softphone } from '@/shared/softphone'
import type { Frame, Supervision } from '@/shared/wire'

export interface Taking {
  agent: string
  name: string
  how: Exclude<Supervision, 'take_over'>
  /** False until the server has let us in. */
  joined: boolean
}

/** How long the sound may take to come up before we say that it does not, ms. */
const SOUND_MS = 10_000

export class Listening {
  /** `carried`: the server has our sound, too; the browser may know of the connection a moment before it does. */
  readonly state = reactive({ part: null as Taking | null, open: false, carried: false })
  readonly softphone: Softphone
  private started = false

  constructor(
    private readonly live: Live,
    /** Who we are: one leg per person. */
    private readonly user: () => string,
  ) {
    this.softphone = new Softphone({
      sendOffer: (sdp) => this.live.send('media.offer', { sdp }),
      sendCandidate: (candidate) => this.live.send('media.ice', { candidate }),
      seat: this.user(),
      keepUp: true,
    })
    this.softphone.mute(true)
  }

  /** What the server says of our sound. */
  heard(frame: Frame) {
    if (frame.type === 'media.answer') void this.softphone.answered(frame.sdp)
    if (frame.type === 'media.state') this.state.carried = frame.connected
    if (frame.type === 'taken_over') {
      this.softphone.takenOver()
      this.state.carried = false
      this.started = false
      this.state.part = null
    }
  }

  /** The socket came back: the leg is offered again. */
  async again() {
    if (!this.started) return
    this.state.carried = false
    await this.softphone.reoffer()
  }

  /** Our own leg, with the microphone shut. True once both ends know that sound can flow. */
  async connect(): Promise<boolean> {
    // No shift: whoever listens is not rung.
    this.started = true
    if (this.softphone.state.phase === 'closed' || this.softphone.state.phase === 'failed') {
      this.state.carried = false
      if (!(await this.softphone.open())) return false
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(false), SOUND_MS)
      const stop = watch(
        () => this.softphone.state.phase === 'connected' && this.state.carried,
        (up) => {
          if (up) finish(true)
        },
        { immediate: true },
      )
      function finish(well: boolean) {
        clearTimeout(timer)
        // The watcher may fire before it has a name.
        queueMicrotask(() => stop())
        resolve(well)
      }
    })
  }

  /** Joins. The microphone is shut, whatever it was before. */
  async join(agent: { user: string; name: string }, how: Taking['how']): Promise<boolean> {
    if (!(await this.connect())) return false
    this.microphone(false)
    this.state.part = { agent: agent.user, name: agent.name, how, joined: false }
    try {
      await this.live.send('floor.supervise', { agent: agent.user, how })
      if (this.state.part) this.state.part.joined = true
      return true
    } catch (error) {
      this.state.part = null
      throw error
    }
  }

  /** The caller becomes ours, and we speak. */
  async takeOver(agent: { user: string }): Promise<boolean> {
    if (!(await this.connect())) return false
    await this.live.send('floor.supervise', { agent: agent.user, how: 'take_over' })
    this.state.part = null
    this.microphone(true)
    return true
  }

  async stop() {
    this.microphone(false)
    this.state.part = null
    await this.live.send('floor.stop')
  }

  /** The call we took part in is over. */
  over() {
    this.microphone(false)
    this.state.part = null
  }

  microphone(open: boolean) {
    this.state.open = open
    this.softphone.mute(!open)
  }

  close() {
    this.softphone.close()
  }
}
