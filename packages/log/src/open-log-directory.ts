import type { LogDirectory, LogDirectoryOptions } from './log-directory.ts'

/**
 * Opens the data directory, made when it is new: locks it, reads the last checkpoint, replays the
 * ring. Throws DirectoryInUseError, or RingCorruptError when something that was synced is gone.
 */
export declare function openLogDirectory(options: LogDirectoryOptions): Promise<LogDirectory>
