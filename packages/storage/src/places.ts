const most = 20_000

/** Workspaces of folders, files and uploads, which never change, as far as this process has seen them. */
export const openPlaces = () => {
  const known = new Map<string, string>()
  return {
    get: (key: string) => {
      const place = known.get(key)
      if (place && known.delete(key)) known.set(key, place)
      return place
    },
    set: (key: string, place: string) => {
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(key, place)
    },
  }
}
