// Answers that stay fresh: asked for again and again while somebody looks, the last good one kept when one fails.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ApiError, ask } from './api'

export interface Live<T> {
  data?: T
  error?: ApiError // of the last attempt
  at?: number // when `data` came, milliseconds
  loading: boolean // whether an answer to the present question is awaited
  again: () => void
}

// `url` undefined asks nothing; `every` 0 asks once. While another question's answer is awaited, `data` is still that of
// the last one, so that nothing jumps; `loading` tells.
export function useLive<T>(url: string | undefined, every = 0): Live<T> {
  const [state, setState] = useState<{ url?: string; data?: T; error?: ApiError; at?: number }>({})
  const [turn, setTurn] = useState(0)
  const answered = useRef<string>()

  useEffect(() => {
    if (!url) return
    const aborter = new AbortController()
    let timer = 0
    const attempt = async () => {
      try {
        const data = await ask<T>(url, aborter.signal)
        answered.current = url
        setState({ url, data, at: Date.now() })
      } catch (error) {
        if (aborter.signal.aborted) return
        const known = error instanceof ApiError ? error : new ApiError('internal', String(error))
        setState((last) => (last.url === url ? { ...last, error: known } : { url, error: known }))
      }
      if (every > 0 && !aborter.signal.aborted) timer = window.setTimeout(whenSeen, every)
    }
    // A page that nobody sees asks nothing, and asks at once when it is seen again.
    const whenSeen = () => {
      if (!document.hidden) void attempt()
      else document.addEventListener('visibilitychange', whenSeen, { once: true })
    }
    void attempt()
    return () => {
      aborter.abort()
      window.clearTimeout(timer)
      document.removeEventListener('visibilitychange', whenSeen)
    }
  }, [url, every, turn])

  const loading = url !== undefined && state.url !== url
  return {
    ...(state.data !== undefined && { data: state.data }),
    ...(state.error && !loading && { error: state.error }),
    ...(state.at !== undefined && { at: state.at }),
    loading,
    again: () => setTurn((n) => n + 1),
  }
}

// The present moment, ticking, for "12 s ago".
export function useNow(every = 1000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every)
    return () => window.clearInterval(timer)
  }, [every])
  return now
}

// The width of an element in CSS pixels, as it changes.
export function useWidth<E extends HTMLElement>(): [(element: E | null) => void, number] {
  const [element, setElement] = useState<E | null>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    return () => observer.disconnect()
  }, [element])
  return [setElement, width]
}
