REQUIRE "rexxjs/address-docker" AS DOCKER
