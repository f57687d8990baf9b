import type { ServicePlan } from '@courant/standalone'

/** A control plane that waits so long to hear of a broker; null leaves its default. */
export function withSession(plan: ServicePlan, sessionMs: number | null): ServicePlan {
  if (sessionMs === null || plan.role !== 'control-plane') return plan
  return { ...plan, env: { ...plan.env, COURANT_SESSION_TIMEOUT_MS: String(sessionMs) } }
}
