import type { Access } from '../rest/route.ts'

/** Who may call, in words. */
export const ACCESS: Readonly<Record<Access, string>> = {
  public: 'Anyone.',
  tenant: 'An API key of a tenant.',
  operator: 'An API key of a platform operator.',
}
