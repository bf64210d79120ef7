// Light or dark: as the system has it, unless somebody chose.
import { useEffect, useState } from 'preact/hooks'

export type Theme = 'system' | 'light' | 'dark'
const kKey = 'heapwatch-theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function stored(): Theme {
  try {
    const value = window.localStorage.getItem(kKey)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system' // where storage is forbidden
  }
}

let theme = stored()
function apply() {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light'
  for (const listener of listeners) listener()
}
const isDark = () => (theme === 'system' ? system.matches : theme === 'dark')
system.addEventListener('change', apply)
apply()

export function setTheme(to: Theme) {
  theme = to
  try {
    window.localStorage.setItem(kKey, to)
  } catch {
    // It then lasts as long as the page.
  }
  apply()
}

function useListened<T>(read: () => T): T {
  const [value, setValue] = useState(read)
  useEffect(() => {
    const listener = () => setValue(read)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return value
}

export const useTheme = () => useListened(() => theme)
export const useIsDark = () => useListened(isDark)
