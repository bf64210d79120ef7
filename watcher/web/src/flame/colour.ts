// The colours of frames. Red and blue are told apart by all common kinds of colour blindness; each frame also says its
// sign in words.
import type { Change } from '../api'

export interface Palette {
  grew: string[] // from a little to all of it
  shrank: string[]
  noise: string
  level: string[] // of heaps, by package
  text: string
  textOnDeep: string
  dim: string
  edge: string
  match: string
}

export const kLight: Palette = {
  grew: ['#fbd9c6', '#f4a582', '#dd6b55', '#b2182b'],
  shrank: ['#d3e5f1', '#92c5de', '#4a97c9', '#2166ac'],
  noise: '#dfe1e4',
  level: ['#e3cf9b', '#dcc08a', '#e6d6b0', '#d9b88a', '#d6c79a', '#e8ca9f', '#cfc094', '#e2bf93'],
  text: '#1c2126',
  textOnDeep: '#ffffff',
  dim: '#eceef0',
  edge: '#ffffff',
  match: '#7a2ea8',
}

export const kDark: Palette = {
  grew: ['#5a3a34', '#8d4438', '#bb4a3d', '#df5547'],
  shrank: ['#2c3f50', '#2e587c', '#31709f', '#3f8fcb'],
  noise: '#3a4047',
  level: ['#6b5a35', '#75613a', '#5f5335', '#7a5f3b', '#67603d', '#705736', '#5b5638', '#78653f'],
  text: '#eceff2',
  textOnDeep: '#ffffff',
  dim: '#262b30',
  edge: '#171a1d',
  match: '#d79bff',
}

// The change as a share of the larger side: 1 is all new, -1 all gone.
function relativeChange(change: Change): number {
  const larger = Math.max(Math.abs(change.before), Math.abs(change.after))
  return larger === 0 ? 0 : Math.max(-1, Math.min(1, change.change / larger))
}

export function frameColour(palette: Palette, change: Change): { fill: string; isDeep: boolean } {
  if (change.within_noise || change.change === 0) return { fill: palette.noise, isDeep: false }
  const share = relativeChange(change)
  const steps = share > 0 ? palette.grew : palette.shrank
  const step = Math.min(steps.length - 1, Math.floor(Math.abs(share) * steps.length))
  return { fill: steps[step]!, isDeep: step >= 2 }
}

// One colour for each package, so that neighbours from one place look alike.
export function levelColour(palette: Palette, name: string): string {
  const from = name.slice(0, packageEnd(name))
  let hash = 0
  for (let i = 0; i < from.length; i++) hash = (hash * 31 + from.charCodeAt(i)) | 0
  return palette.level[Math.abs(hash) % palette.level.length]!
}

function packageEnd(name: string): number {
  const slash = name.lastIndexOf('/')
  const end = name.slice(slash + 1).search(/[.:(<]/)
  return end === -1 ? name.length : slash + 1 + end
}
