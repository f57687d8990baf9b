-- The control plane's tables (reliability B1). Everything lives in the schema "courant".
--
-- Two roles stand between the service and the rows. Every transaction takes one of them on:
--   courant_tenant    works for one tenant, named by the setting courant.tenant_id; row-level
--                     security shows it that tenant's rows and no others, whatever the statement;
--   courant_platform  works for the platform: feed, brokers, elections, tenant management.
-- Neither may log in, own a table or bypass row-level security. Roles belong to the whole database
-- server, so another database may have made them already, perhaps at this very moment.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['courant_tenant', 'courant_platform'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOINHERIT NOBYPASSRLS', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
    -- A superuser may take on any role; anybody else must be a member, to SET ROLE and for nothing
    -- else: who inherits the rights of a role passes its policies without having taken it on. (Before
    -- PostgreSQL 16 the two cannot be told apart; since then who creates a role may not SET it.)
    IF current_setting('server_version_num')::int < 160000 THEN
      IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
      END IF;
    ELSIF NOT pg_has_role(current_user, wanted, 'SET') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER WITH SET TRUE, INHERIT FALSE', wanted);
    END IF;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA courant TO courant_tenant, courant_platform;

-- The tenant that the transaction works for. Null, and with it no row at all, when none is set.
CREATE FUNCTION courant.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('courant.tenant_id', true), '')::uuid $$;

-- Cluster -----------------------------------------------------------------------------------------

-- One row. metadata_version counts the transactions that changed metadata; its row lock makes their
-- order of commit the order of their versions, which no sequence does (bug 38: a sequence hands out
-- numbers before commit, so a reader of "everything after n" skips whoever commits late).
CREATE TABLE courant.cluster_meta (
  only_row             boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  cluster_id           uuid   NOT NULL DEFAULT gen_random_uuid(),
  -- Raised by an operator after the database was restored from a backup (B1.2).
  cluster_incarnation  bigint NOT NULL DEFAULT 1,
  metadata_version     bigint NOT NULL DEFAULT 1,
  -- Deletions up to this version have been forgotten: who is further behind needs a snapshot.
  feed_floor           bigint NOT NULL DEFAULT 1,
  -- What each broker may fetch for replicas that are being added to it; 0 for no limit.
  reassignment_bytes_per_second  bigint NOT NULL DEFAULT 0 CHECK (reassignment_bytes_per_second >= 0),
  -- The newest state that brokers, gateways and control planes have told of while the database was
  -- older than it: an old backup was restored. Nothing is decided until the database is as new as
  -- that again, or an operator has begun a new incarnation (B1.2).
  reported_incarnation  bigint NOT NULL DEFAULT 0,
  reported_version      bigint NOT NULL DEFAULT 0,
  -- The start of the server on which the brokers have been heard. A backup is restored under a server
  -- that starts anew, so on another one nothing is decided before they have been heard again.
  confirmed_server      timestamptz NOT NULL DEFAULT pg_postmaster_start_time()
);
INSERT INTO courant.cluster_meta DEFAULT VALUES;

-- Raises an error where the database may not be decided on: CR001 when the cluster has another
-- incarnation than the caller believes, CR002 when it is older than what somebody has seen of it,
-- CR003 when its brokers have not been heard since the server started.
CREATE FUNCTION courant.require_current(incarnation bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = courant, pg_temp
AS $$
DECLARE
  meta cluster_meta;
BEGIN
  SELECT * INTO STRICT meta FROM cluster_meta;
  IF (meta.reported_incarnation, meta.reported_version)
    > (meta.cluster_incarnation, meta.metadata_version) THEN
    RAISE EXCEPTION 'the database went back in time' USING ERRCODE = 'CR002';
  END IF;
  IF meta.cluster_incarnation <> incarnation THEN
    RAISE EXCEPTION 'the cluster has a new incarnation' USING ERRCODE = 'CR001';
  END IF;
  IF meta.confirmed_server <> pg_postmaster_start_time() THEN
    RAISE EXCEPTION 'the brokers have not been heard yet' USING ERRCODE = 'CR003';
  END IF;
END
$$;
REVOKE ALL ON FUNCTION courant.require_current FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courant.require_current TO courant_tenant, courant_platform;

-- The feed: for each thing that ever was, the version of its latest change. "Changes since v" are
-- the rows with a higher version, joined with the tables below in the same snapshot; so the feed
-- holds one row a thing however often that thing changes, and needs no compaction but that of
-- deletions.
CREATE TABLE courant.metadata_change (
  kind        text    NOT NULL CHECK (kind IN ('tenant', 'api_key', 'topic', 'partition', 'broker')),
  -- The id, or <topic id>/<partition>. Collation "C": order and ranges by bytes on every server.
  key         text    NOT NULL COLLATE "C",
  version     bigint  NOT NULL,
  deleted_at  timestamptz,
  PRIMARY KEY (kind, key)
);
CREATE INDEX metadata_change_version ON courant.metadata_change (version);

-- The last statement of every transaction that changes metadata (B1.5): takes the next version,
-- records what changed under it, and wakes the watchers at commit. Runs with the rights of its
-- owner, so that tenants' transactions need none on the feed.
CREATE FUNCTION courant.record_changes(
  incarnation bigint, kinds text[], keys text[], deletions boolean[]
) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = courant, pg_temp
AS $$
DECLARE
  next_version bigint;
BEGIN
  UPDATE cluster_meta SET metadata_version = metadata_version + 1
    WHERE cluster_incarnation = incarnation
      AND (reported_incarnation, reported_version) <= (cluster_incarnation, metadata_version)
      AND confirmed_server = pg_postmaster_start_time()
    RETURNING metadata_version INTO next_version;
  IF next_version IS NULL THEN
    PERFORM require_current(incarnation);
    RAISE EXCEPTION 'the cluster has just changed' USING ERRCODE = 'CR001';
  END IF;
  INSERT INTO metadata_change AS known (kind, key, version, deleted_at)
    SELECT change.kind, change.key, next_version,
           CASE WHEN change.deleted THEN clock_timestamp() END
      FROM unnest(kinds, keys, deletions) AS change (kind, key, deleted)
    ON CONFLICT (kind, key) DO UPDATE
      SET version = excluded.version, deleted_at = excluded.deleted_at;
  -- A topic's deletion stands for its partitions' too ('0' is the byte after '/').
  DELETE FROM metadata_change part USING unnest(kinds, keys, deletions) AS change (kind, key, deleted)
    WHERE change.kind = 'topic' AND change.deleted
      AND part.kind = 'partition' AND part.key > change.key || '/' AND part.key < change.key || '0';
  PERFORM pg_notify('courant_metadata', next_version::text);
  RETURN next_version;
END
$$;
REVOKE ALL ON FUNCTION courant.record_changes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courant.record_changes TO courant_tenant, courant_platform;

-- What a transaction has read is in the feed up to the version that it reads afterwards.
CREATE FUNCTION courant.current_version() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = courant, pg_temp
  AS $$ SELECT metadata_version FROM cluster_meta $$;
REVOKE ALL ON FUNCTION courant.current_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courant.current_version TO courant_tenant, courant_platform;

GRANT SELECT, UPDATE ON courant.cluster_meta TO courant_platform;
GRANT SELECT, DELETE ON courant.metadata_change TO courant_platform;

-- Tenants and their API keys ----------------------------------------------------------------------

CREATE TABLE courant.tenant (
  tenant_id   uuid PRIMARY KEY,
  name        text NOT NULL UNIQUE COLLATE "C",
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE courant.api_key (
  key_id         text PRIMARY KEY COLLATE "C" CHECK (key_id ~ '^[0-9A-Za-z]{16}$'),
  -- Null for a key of a platform operator.
  tenant_id      uuid REFERENCES courant.tenant,
  name           text  NOT NULL,
  -- SHA-256 of the secret's ASCII. 256 random bits need no slow hash.
  secret_sha256  bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
  scope          text  NOT NULL CHECK (scope IN ('tenant_admin', 'operator')),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at     timestamptz,
  CHECK ((tenant_id IS NULL) = (scope = 'operator'))
);
CREATE INDEX api_key_tenant ON courant.api_key (tenant_id, key_id);

-- Topics and partitions ---------------------------------------------------------------------------

CREATE TABLE courant.topic (
  topic_id            uuid PRIMARY KEY,
  tenant_id           uuid NOT NULL REFERENCES courant.tenant,
  name                text NOT NULL COLLATE "C",
  partition_count     integer NOT NULL CHECK (partition_count > 0),
  replication_factor  integer NOT NULL CHECK (replication_factor > 0),
  -- Settings under Kafka's names, as text.
  config              jsonb NOT NULL DEFAULT '{}',
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (tenant_id, name),
  -- What partitions refer to, so that a partition's tenant is always its topic's.
  UNIQUE (topic_id, tenant_id)
);

-- Without its tombstone no data of a topic may be deleted (B1.3). Tombstones stay for ever: a broker
-- may come back after any time.
CREATE TABLE courant.topic_tombstone (
  topic_id    uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  name        text NOT NULL,
  deleted_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE courant.partition (
  topic_id           uuid    NOT NULL,
  partition          integer NOT NULL CHECK (partition >= 0),
  tenant_id          uuid    NOT NULL,
  -- Broker ids, preferred leader first.
  replicas           integer[] NOT NULL,
  in_sync_replicas   integer[] NOT NULL,
  -- Replicas that left the ISR below min.insync.replicas and still have everything (KIP-966), and
  -- those of them whose disk is no longer vouched for.
  eligible_replicas  integer[] NOT NULL DEFAULT '{}',
  last_known_eligible_replicas integer[] NOT NULL DEFAULT '{}',
  leader             integer,
  -- +1 with each leader's term; never reused.
  leader_epoch       integer NOT NULL DEFAULT 0,
  -- +1 with each change of this row.
  partition_epoch    integer NOT NULL DEFAULT 0,
  -- min.insync.replicas as of this partition_epoch (B3.4).
  effective_min_isr  integer NOT NULL,
  -- The latest term whose leader may have lacked acknowledged records. Kept for ever: a follower
  -- that missed it may come back after any time (B5.5).
  last_unclean_leader_epoch integer NOT NULL DEFAULT 0,
  -- While the partition moves: the replicas that it will have, which are in `replicas` already, and
  -- those of them that it did not have before. Empty otherwise.
  target_replicas    integer[] NOT NULL DEFAULT '{}',
  adding_replicas    integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (topic_id, partition),
  FOREIGN KEY (topic_id, tenant_id) REFERENCES courant.topic (topic_id, tenant_id) ON DELETE CASCADE,
  CHECK (cardinality(replicas) > 0),
  CHECK (in_sync_replicas <@ replicas),
  CHECK (eligible_replicas <@ replicas AND NOT eligible_replicas && in_sync_replicas),
  CHECK (adding_replicas <@ target_replicas AND target_replicas <@ replicas),
  CHECK (leader IS NULL OR leader = ANY (in_sync_replicas))
);
CREATE INDEX partition_leader ON courant.partition (leader);
CREATE INDEX partition_tenant ON courant.partition (tenant_id);
CREATE INDEX partition_moving ON courant.partition (topic_id, partition) WHERE target_replicas <> '{}';

-- Brokers -----------------------------------------------------------------------------------------

CREATE TABLE courant.broker (
  broker_id        integer PRIMARY KEY CHECK (broker_id >= 0),
  -- The metadata version of its registration: unique to one uptime of one broker, and growing.
  broker_epoch     bigint NOT NULL,
  -- The directory on which it was last active, that epoch, and those that began since on this very
  -- directory: nothing was written in them, so who knows one of these has all that the broker is counted
  -- on for. An epoch that began on a stale copy is not among them, for the copy then knows it.
  vouched_directory_id  uuid,
  vouched_epochs   bigint[] NOT NULL DEFAULT '{}',
  incarnation_id   uuid NOT NULL,
  directory_id     uuid NOT NULL,
  host             text NOT NULL,
  port             integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  rack             text NOT NULL,
  state            text NOT NULL CHECK (state IN ('fenced', 'active', 'draining')),
  registered_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- An operator wants it empty: it gets no replicas, and those that it has move away.
  is_emptying      boolean NOT NULL DEFAULT false
);

-- Apart from broker: a heartbeat must not wait for those who hold that row FOR SHARE, nor they for it
-- (B1.4), and must not move the metadata version.
CREATE TABLE courant.broker_session (
  broker_id         integer PRIMARY KEY REFERENCES courant.broker ON DELETE CASCADE,
  broker_epoch      bigint NOT NULL,
  expires_at        timestamptz NOT NULL,
  metadata_version  bigint NOT NULL DEFAULT 0,
  -- The start of the server on which the broker was last heard before that was confirmed.
  heard_server      timestamptz
);

-- The brokers that may get replicas, kept from being fenced until the transaction ends (B1.4). As a
-- function, so that tenants' transactions need no right on brokers.
CREATE FUNCTION courant.lock_active_brokers()
  RETURNS TABLE (broker_id integer, host text, rack text)
  LANGUAGE sql SECURITY DEFINER SET search_path = courant, pg_temp
AS $$
  SELECT broker_id, host, rack FROM broker WHERE state = 'active' AND NOT is_emptying
    ORDER BY broker_id FOR SHARE
$$;
REVOKE ALL ON FUNCTION courant.lock_active_brokers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION courant.lock_active_brokers TO courant_tenant, courant_platform;

-- Producer ids ------------------------------------------------------------------------------------

-- Blocks of ids, each of one owner and handed out by one broker (reliability B11.5, amendment 7).
-- Ids are never used again, so blocks are never deleted.
CREATE TABLE courant.producer_id_block (
  first_producer_id  bigint PRIMARY KEY,
  -- Null for the platform's own producers.
  tenant_id          uuid REFERENCES courant.tenant,
  broker_id          integer NOT NULL,
  allocated_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Cycles never: what it has counted to does not come back with a transaction that was rolled back.
CREATE SEQUENCE courant.producer_id_block_number MINVALUE 0;
GRANT SELECT, INSERT ON courant.producer_id_block TO courant_platform;
GRANT USAGE ON SEQUENCE courant.producer_id_block_number TO courant_platform;

-- Keys of gateways --------------------------------------------------------------------------------

-- What gateways sign lease tokens with (ADR 11). Rotated daily; a replaced key is good for two days more.
CREATE TABLE courant.signing_key (
  key_id      integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY CHECK (key_id > 0),
  secret      bytea NOT NULL CHECK (octet_length(secret) = 32),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, DELETE ON courant.signing_key TO courant_platform;
GRANT USAGE, UPDATE ON SEQUENCE courant.signing_key_key_id_seq TO courant_platform;

-- Consumer groups ---------------------------------------------------------------------------------

-- The control planes that live, each with its lease (ADR 11). Renewing it is one row, whatever number
-- of shards it holds; `renewals` shows a holder that the database went back in time.
CREATE TABLE courant.control_plane (
  -- New with each registration: who has lost its lease comes back as another.
  instance_id  uuid PRIMARY KEY,
  -- host:port, where gateways find it.
  address      text   NOT NULL,
  renewals     bigint NOT NULL DEFAULT 0,
  expires_at   timestamptz NOT NULL
);

-- Who coordinates the groups of a shard. Apart from the lease, so that a renewal does not wait for
-- the transactions of groups, which lock this row FOR SHARE.
CREATE TABLE courant.group_shard (
  shard  integer PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
  -- Nobody's if no such control plane lives: deliberately no foreign key, whose action would wait for
  -- the locks of a dead one.
  owner  uuid,
  -- +1 with each owner's term.
  epoch  bigint NOT NULL DEFAULT 0
);
INSERT INTO courant.group_shard (shard) SELECT generate_series(0, 63);
GRANT SELECT, INSERT, UPDATE, DELETE ON courant.control_plane TO courant_platform;
GRANT SELECT, UPDATE ON courant.group_shard TO courant_platform;

CREATE TABLE courant.consumer_group (
  group_id     uuid PRIMARY KEY,
  tenant_id    uuid NOT NULL REFERENCES courant.tenant,
  name         text NOT NULL COLLATE "C",
  -- By the hash of packages/group.
  shard        integer NOT NULL REFERENCES courant.group_shard,
  assignor     text   NOT NULL CHECK (assignor IN ('uniform', 'range')),
  -- +1 with each change of members, subscriptions or topics.
  group_epoch  bigint NOT NULL,
  created_at   timestamptz NOT NULL,
  -- Since when it has no members, by this server's clock; null while it has.
  empty_since  timestamptz,
  UNIQUE (tenant_id, name),
  -- What its parts refer to, so that their tenant is always the group's.
  UNIQUE (group_id, tenant_id)
);
CREATE INDEX consumer_group_shard ON courant.consumer_group (shard, empty_since);

CREATE TABLE courant.group_member (
  group_id              uuid NOT NULL,
  member_id             text NOT NULL COLLATE "C",
  tenant_id             uuid NOT NULL,
  -- Who used the id first.
  principal             text NOT NULL,
  topics                text[] NOT NULL,
  -- RE2; empty for none.
  pattern               text NOT NULL,
  session_timeout_ms    integer NOT NULL,
  rebalance_timeout_ms  integer NOT NULL,
  joined_at             timestamptz NOT NULL,
  join_epoch            bigint NOT NULL,
  -- The epoch in which it stays while it has something to release; null: that of its group.
  held_epoch            bigint,
  client_address        text NOT NULL,
  client_software       text NOT NULL,
  PRIMARY KEY (group_id, member_id),
  FOREIGN KEY (group_id, tenant_id)
    REFERENCES courant.consumer_group (group_id, tenant_id) ON DELETE CASCADE
);

-- Who owns a partition in a group, and who is to own it.
CREATE TABLE courant.group_partition (
  group_id          uuid    NOT NULL,
  topic_id          uuid    NOT NULL,
  partition         integer NOT NULL CHECK (partition >= 0),
  tenant_id         uuid    NOT NULL,
  owner             text    COLLATE "C",
  -- The owner's epoch when it became the owner (KIP-1251).
  assignment_epoch  bigint  NOT NULL,
  target            text    COLLATE "C",
  PRIMARY KEY (group_id, topic_id, partition),
  FOREIGN KEY (group_id, tenant_id)
    REFERENCES courant.consumer_group (group_id, tenant_id) ON DELETE CASCADE,
  FOREIGN KEY (topic_id, tenant_id) REFERENCES courant.topic (topic_id, tenant_id) ON DELETE CASCADE,
  CHECK (owner IS NOT NULL OR assignment_epoch = 0)
);
CREATE INDEX group_partition_topic ON courant.group_partition (topic_id);

-- Committed offsets. With room in each page, so that a commit changes no index.
CREATE TABLE courant.group_offset (
  group_id          uuid    NOT NULL,
  topic_id          uuid    NOT NULL,
  partition         integer NOT NULL CHECK (partition >= 0),
  tenant_id         uuid    NOT NULL,
  -- The next offset to read.
  committed_offset  bigint  NOT NULL CHECK (committed_offset >= 0),
  -- Of the record before it; -1 if unknown.
  leader_epoch      integer NOT NULL,
  metadata          text    NOT NULL CHECK (octet_length(metadata) <= 4096),
  commit_version    bigint  NOT NULL DEFAULT 1,
  committed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (group_id, topic_id, partition),
  FOREIGN KEY (group_id, tenant_id)
    REFERENCES courant.consumer_group (group_id, tenant_id) ON DELETE CASCADE,
  FOREIGN KEY (topic_id, tenant_id) REFERENCES courant.topic (topic_id, tenant_id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX group_offset_topic ON courant.group_offset (topic_id);

-- Row-level security ------------------------------------------------------------------------------

-- FORCE binds the owner too: a statement that forgot to take on a role sees nothing (unless a
-- superuser connects, whom PostgreSQL never restrains; production should not connect as one).
DO $$
DECLARE
  walled text;
BEGIN
  FOREACH walled IN ARRAY ARRAY[
    'tenant', 'api_key', 'topic', 'topic_tombstone', 'partition',
    'consumer_group', 'group_member', 'group_partition', 'group_offset'
  ] LOOP
    EXECUTE format('ALTER TABLE courant.%I ENABLE ROW LEVEL SECURITY', walled);
    EXECUTE format('ALTER TABLE courant.%I FORCE ROW LEVEL SECURITY', walled);
    EXECUTE format(
      'CREATE POLICY own_rows ON courant.%I TO courant_tenant
         USING (tenant_id = (SELECT courant.current_tenant()))
         WITH CHECK (tenant_id = (SELECT courant.current_tenant()))', walled);
    EXECUTE format(
      'CREATE POLICY all_rows ON courant.%I TO courant_platform USING (true) WITH CHECK (true)',
      walled);
    EXECUTE format(
      'GRANT SELECT, INSERT, UPDATE, DELETE ON courant.%I TO courant_tenant, courant_platform',
      walled);
  END LOOP;
END
$$;

-- A tenant's transaction works within its tenant and does not manage it.
REVOKE INSERT, UPDATE, DELETE ON courant.tenant FROM courant_tenant;
-- Groups are changed by their coordinators alone.
REVOKE INSERT, UPDATE, DELETE
  ON courant.consumer_group, courant.group_member, courant.group_partition, courant.group_offset
  FROM courant_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON courant.broker, courant.broker_session TO courant_platform;
