import { Api, type ResponseOf } from '../api.ts'
import { array, boolean, int16, int32, int64, since, string, struct, tagged } from '../schema.ts'
import { WireReader } from '../wire-reader.ts'

/**
 * Far above the tags that Kafka assigns one by one. A server that does not know the tag skips it,
 * which is the protocol's own rule: so the capability can be asked of any Kafka broker.
 */
const ANSWERS_MAY_OVERTAKE_TAG = 10_000

/**
 * ```
 * ApiVersions Request (v0–v3) => client_software_name client_software_version (v3+)
 *                                <answers_may_overtake (tag 10000)>
 * ApiVersions Response => error_code [api_keys] throttle_time_ms (v1+)
 *                         <supported_features (tag 0)> <finalized_features_epoch (tag 1)>
 *                         <finalized_features (tag 2)> <answers_may_overtake (tag 10000)>
 *   api_keys => api_key min_version max_version
 * ```
 * The response header is v0 in every version, and a request in a version that the server lacks is
 * answered in v0 with UNSUPPORTED_VERSION and the list, so that any client can read it.
 *
 * `answersMayOvertake` is our one capability: a client that can match answers by correlation id
 * asks for it, a server that will make use of it says so. Otherwise answers come in order.
 */
export const apiVersionsApi = new Api({
  key: 18,
  name: 'ApiVersions',
  operation: 'read',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 3,
  request: struct({
    clientSoftwareName: since(3, string, ''),
    clientSoftwareVersion: since(3, string, ''),
    answersMayOvertake: tagged(3, ANSWERS_MAY_OVERTAKE_TAG, boolean, false),
  }),
  response: struct({
    errorCode: int16,
    apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
    throttleTimeMs: since(1, int32, 0),
    supportedFeatures: tagged(
      3,
      0,
      array(struct({ name: string, minVersion: int16, maxVersion: int16 })),
      [],
    ),
    finalizedFeaturesEpoch: tagged(3, 1, int64, -1),
    finalizedFeatures: tagged(
      3,
      2,
      array(struct({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
      [],
    ),
    answersMayOvertake: tagged(3, ANSWERS_MAY_OVERTAKE_TAG, boolean, false),
  }),
})

/** The error code of an ApiVersions response in v0 to a request in an unknown version. */
export const UNSUPPORTED_VERSION = 35

/**
 * Decodes the body of an ApiVersions response to a request in `version`. A server that does not
 * know that version answered in v0, which the error code at the same place in all versions tells.
 */
export function decodeApiVersionsResponse(
  body: Buffer,
  version: number,
): ResponseOf<typeof apiVersionsApi> {
  const refused = new WireReader(body).int16() === UNSUPPORTED_VERSION
  return apiVersionsApi.decodeResponse(new WireReader(body), refused ? 0 : version)
}

/** True when the server asks for the request to be repeated in a version of its list. */
export function isVersionRefused(response: ResponseOf<typeof apiVersionsApi>): boolean {
  return response.errorCode === UNSUPPORTED_VERSION
}
