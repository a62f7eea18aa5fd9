/** Whether the process has been asked to end; asked once, the work ends at its next good place. */
export const stopRequest = () => {
  let isRequested = false;
  const stop = (): void => {
    isRequested = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return {
    isRequested: () => isRequested,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
};
