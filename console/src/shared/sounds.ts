// The page's sounds, made here (no files): two-note ring, hold tick, error note. They go to the ringer, not to the headset.

let context: AudioContext | null = null
let out: AudioNode | null = null
let viaElement: HTMLAudioElement | null = null
let volume = 0.6

function ready(): { context: AudioContext; out: AudioNode } | null {
  if (typeof AudioContext === 'undefined') return null
  if (!context || !out) {
    context = new AudioContext()
    out = context.destination
  }
  if (context.state === 'suspended') void context.resume().catch(() => {})
  return { context, out }
}

/** Browsers let a page sound only after a click: call this from one. */
export function wakeSounds() {
  ready()
}

/** 0 to 1. */
export function setVolume(to: number) {
  volume = Math.min(1, Math.max(0, to))
}

/** The device that rings; '' is the default one. */
export async function setRinger(device: string) {
  const made = ready()
  if (!made) return
  if (viaElement) {
    viaElement.pause()
    viaElement.srcObject = null
    viaElement = null
  }
  out = made.context.destination
  if (!device) return
  const stream = made.context.createMediaStreamDestination()
  const element = new Audio()
  element.srcObject = stream.stream
  try {
    await element.setSinkId(device)
    await element.play()
    viaElement = element
    out = stream
  } catch {
    // The device has gone: the default one rings.
    out = made.context.destination
  }
}

function note(hertz: number, at: number, seconds: number, loud: number) {
  const made = ready()
  if (!made) return
  const begin = made.context.currentTime + at
  const tone = made.context.createOscillator()
  const gain = made.context.createGain()
  tone.frequency.value = hertz
  gain.gain.setValueAtTime(0, begin)
  gain.gain.linearRampToValueAtTime(loud * volume, begin + 0.015)
  gain.gain.setValueAtTime(loud * volume, begin + seconds - 0.03)
  gain.gain.linearRampToValueAtTime(0, begin + seconds)
  tone.connect(gain).connect(made.out)
  tone.start(begin)
  tone.stop(begin + seconds + 0.02)
}

/** One ring: 660 then 880 Hz, 0.4 s together. */
export function ringOnce() {
  note(660, 0, 0.2, 0.5)
  note(880, 0.2, 0.2, 0.5)
}

let ringing: ReturnType<typeof setInterval> | undefined
export function startRinging() {
  if (ringing !== undefined) return
  ringOnce()
  ringing = setInterval(ringOnce, 2000)
}
export function stopRinging() {
  clearInterval(ringing)
  ringing = undefined
}
/** The caller is on hold for long: one tick. */
export const holdTick = () => note(1000, 0, 0.06, 0.15)
/** Somebody waits long: one soft note. */
export const softNote = () => note(523, 0, 0.35, 0.12)
export const errorNote = () => note(220, 0, 0.3, 0.3)
/** A new order at the branch: three rising notes; the louder one is rougher and twice as long. */
export function orderBell(loud: boolean) {
  const strength = loud ? 0.95 : 0.5
  for (const [place, hertz] of [784, 988, 1319].entries()) note(hertz, place * 0.18, 0.24, strength)
  if (loud) for (const [place, hertz] of [1319, 988, 1319, 988].entries()) note(hertz, 0.6 + place * 0.16, 0.15, strength)
}
/** Whether a sound would be heard: browsers keep a page silent until it is touched. */
export const soundsAwake = () => ready()?.context.state === 'running'
