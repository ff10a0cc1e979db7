-- KEYS: a key of nobody's
call('SET', KEYS[1], '', 'PX', 1000)
return {OK, now}
