/* To be replaced by the session room's author. */
