-- A flood: a request each FLOOD_PAUSE milliseconds on every connection, each from an address as FLOOD_FROM has it.
-- What stands there for a number is another one each time, in the field in which a trusted proxy says who the client is.

local from, pause, number = os.getenv("FLOOD_FROM"), tonumber(os.getenv("FLOOD_PAUSE")), 0

request = function()
  number = number + 1
  wrk.headers["X-Forwarded-For"] = string.format(from, number % 65536)
  return wrk.format()
end

delay = function()
  return pause
end
